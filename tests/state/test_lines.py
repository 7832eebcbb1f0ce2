"""A file of very many lines is read as one of few: some at a time, up to what a kill cut off."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state.chain import NO_LINE
from reconciler.state.lines import lines_in, some_at_once

_MANY = [{"number": number} for number in range(2500)]


@given(st.integers(0, len(_MANY)), st.sampled_from([b"", b"{", b'{"number": 1}', b"\xff"]))
def test_whole_lines_come_in_their_order(size: int, cut_off: bytes) -> None:
    whole = b"".join(json.dumps(one).encode() + b"\n" for one in _MANY[:size])

    some = list(some_at_once(BytesIO(whole + cut_off)))

    assert b"".join(line for raws in some for line in raws) == whole
    assert [line for raws in some for line in lines_in(raws)] == _MANY[:size]
    assert max(map(len, some), default=0) <= 1000


@pytest.mark.parametrize("damaged", [b"{", b"{},{}", b""])
def test_lines_before_a_damaged_one_are_read(damaged: bytes) -> None:
    heard: list[object] = []

    with pytest.raises(NO_LINE):
        heard.extend(lines_in([b'{"number": 1}\n', damaged + b"\n", b"{}\n"]))

    assert heard == [{"number": 1}]
