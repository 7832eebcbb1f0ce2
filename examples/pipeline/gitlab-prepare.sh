#!/bin/sh
# What a job needs, by hashes, then the wheel by its address with its #sha256=; no bare name is asked of the public index.
set -eu
command -v git >/dev/null || { apt-get -qq update && apt-get -qq install -y git >/dev/null; }
pip install --quiet --require-hashes -r requirements.txt
pip install --quiet --no-deps "$RECONCILER_WHEEL"
