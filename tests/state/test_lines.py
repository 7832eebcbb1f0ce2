"""A file of very many lines is read as one of few: some at a time, up to what a kill cut off."""

import json
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any

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


class _Growing(RawIOBase):
    """A file that another writes to: each part is there when it is asked for again."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        part = self._parts.pop(0) if self._parts else b""
        room[: len(part)] = part
        return len(part)


def test_a_line_that_is_being_written_is_none_yet() -> None:
    parts = [b'{"number": 1}\n{"num', b"", b'ber": 2}\n{"number": 3}\n']

    some = list(some_at_once(BufferedReader(_Growing(parts))))

    assert some == [[b'{"number": 1}\n']]
