"""The fast door lets in what the explaining one would, and refuses the rest with the same words."""

import json
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validators

from reconciler import schemas
from reconciler.desired import schema_errors, yaml_reader
from reconciler.desired.files import SpecFile
from tests.desired.mutations import WHOLE, mutated


def _slow() -> Any:
    """The explaining validator without any help of the fast one."""
    ours = schemas.validator("spec")
    plain = {"items": Draft202012Validator.VALIDATORS["items"]}
    kind = validators.extend(type(ours), plain)  # type: ignore[no-untyped-call]
    return kind(schemas.load("spec"), format_checker=ours.format_checker)


def _agree(seeds: range) -> int:
    slow = _slow()
    accepted = 0
    for seed in seeds:
        document = mutated(Random(seed))
        wanted = [_told(one) for one in slow.iter_errors(document)]
        assert schemas.accepts("spec", document) == (not wanted), seed
        assert [_told(one) for one in schemas.validator("spec").iter_errors(document)] == wanted
        accepted += not wanted
    return accepted


def _told(error: Any) -> tuple[str, str, str]:
    return error.json_path, str(error.validator), str(list(error.absolute_schema_path))


def test_what_one_accepts_the_other_accepts() -> None:
    assert schemas.accepts("spec", WHOLE)
    assert 50 < _agree(range(400)) < 350


@pytest.mark.slow
def test_what_one_accepts_the_other_accepts_10_000_times() -> None:
    _agree(range(10_000))


def test_only_what_is_refused_goes() -> None:
    data = {
        "customers": [{"email": "a@b.cc"}, {"email": 1}, {"emial": ""}],
        "stores": {"x": 1},
        "policy": 3,
        "unknown": 1,
    }
    document, _ = yaml_reader.parse(SpecFile(name="f", content=json.dumps(data).encode()))
    assert document is not None
    sound, told = schema_errors.check(document)
    assert sound.data == {"customers": [{"email": "a@b.cc"}, None, None], "stores": {}}
    assert len(told) == 6
