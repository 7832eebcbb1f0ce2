# The two commands of the README, and the developers' tasks; `.ci/run` runs the checks and tests the wheel.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check install lint format types floors schemas readme test-slow cover constraints clean

demo: install  ## set up, then plan, apply and plan again on local stores
	$(BIN)/reconciler demo

test: install  ## set up, then run the tests
	$(BIN)/pytest --numprocesses 4

check: install lint types floors readme editor pipelines examples-check wheel-check cover  ## all that guards the house, with coverage

install: .venv/.installed

.venv/.installed: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install
	$(BIN)/mypy

floors: install
	$(BIN)/lint-imports

readme: install  ## the generated parts of the README are current
	PYTHONPATH=. $(BIN)/cog --check README.md tests/documents/FIELDS.md

readme-write: install
	PYTHONPATH=. $(BIN)/cog -r README.md tests/documents/FIELDS.md

.PHONY: examples-check readme-write
WALKS := $(wildcard examples/*/walk.sh)
.PHONY: $(WALKS)
examples-check: $(WALKS)  ## the walk-throughs do what they say

$(WALKS): install
	sh $@ $(CURDIR)/$(BIN)

.PHONY: image
image: wheel  ## the container, where an engine is here
	.ci/image

.PHONY: editor
editor:  ## the schema as editors have it, by the YAML language server; needs npm
	.ci/editor/run

.PHONY: pipelines
pipelines: install  ## what the shipped pipelines are, by actionlint, zizmor, shellcheck and the forges' schemas
	.ci/pipelines

test-slow: install  ## the laws at full depth: 2,000 runs each
	$(BIN)/pytest -m slow
	HYPOTHESIS_PROFILE=deep $(BIN)/pytest tests/laws/test_convergence.py

.PHONY: test-browser
test-browser: install  ## the HTML plan in a headless Chromium, where one is installed
	$(BIN)/pytest -m browser

.PHONY: golden
golden: install  ## write the golden stories anew; read the difference before you commit it
	$(BIN)/python -m tests.golden.stories

.PHONY: bench bench-full bench-write bench-apply bench-promises
bench: install  ## what planning costs, beside its floor and other tools
	$(BIN)/python -m benchmarks.speed

bench-full: install  ## the same with a million customers
	$(BIN)/python -m benchmarks.speed --full

bench-write: install  ## the same, into the README and its picture
	$(BIN)/python -m benchmarks.speed --full --write

bench-apply: install  ## what applying costs: requests, rate, interrupt, journal
	$(BIN)/python -m benchmarks.applying

bench-promises: install  ## the figures of safety that the README quotes: window, pace, kills and faults
	$(BIN)/python -m benchmarks.window
	$(BIN)/python -m benchmarks.pace
	$(BIN)/python -m benchmarks.matrices

.PHONY: pictures
pictures: install  ## the pictures of the README; needs Chromium
	$(BIN)/python -m benchmarks.pictures

cover: install  ## the tests with the coverage of branches, subprocesses included; fails below the figure
	$(BIN)/pytest --numprocesses 4 --cov

.PHONY: wheel-check test-wheel matrix
wheel-check: install  ## what is built, installed where nothing else is, and tried from an empty folder
	.ci/wheel

test-wheel: install  ## the same, and all tests against what is installed there
	.ci/wheel test

matrix: install  ## a short selection on each Python of the classifiers that is here, and on lowest versions
	.ci/matrix

constraints: install  ## pin every version anew; writes no registry address
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --all-extras --group dev --python-version 3.11 \
	  pyproject.toml -o constraints.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate --python-version 3.11 --constraint constraints.txt \
	  pyproject.toml -o examples/requirements.txt

.PHONY: wheel
wheel: install  ## a wheel, with its SHA-256 as pipelines ask for it
	rm -rf build/wheel && $(BIN)/hatchling build --target wheel --directory build/wheel >/dev/null
	@cd build/wheel && for one in *.whl; do echo "build/wheel/$$one#sha256=$$(sha256sum $$one | cut -d' ' -f1)"; done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build .coverage*
