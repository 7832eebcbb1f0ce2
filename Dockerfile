# The program and git, as a user without rights. `make image` builds the wheel that it takes, and then this.
FROM python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

# hadolint ignore=DL3008  # the base is pinned, and security fixes of git are wanted
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*

COPY examples/requirements.txt build/wheel/*.whl /tmp/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt \
 && pip install --no-cache-dir --disable-pip-version-check --no-deps /tmp/*.whl \
 && rm /tmp/requirements.txt /tmp/*.whl

# Mount the repository at /work, and run with --user of whoever owns it: git reads nobody else's.
USER 10001:10001
WORKDIR /work
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["reconciler"]
CMD ["--help"]
