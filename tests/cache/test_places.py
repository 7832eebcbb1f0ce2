"""Rows are found as in a dictionary, also where very many fall on one place."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.cache.places import DIGEST, Places

# Few that differ in their low bits, so that they meet in the table, and some of each twice.
_digests = st.builds(
    lambda high, low: (high << 64) | low, st.integers(0, 7), st.sampled_from([0, 1, 2, 2**63])
)


@given(st.lists(_digests, max_size=40), _digests, st.integers(0, 3))
def test_each_row_is_found_by_its_digest(told: list[int], other: int, more: int) -> None:
    rows = b"".join(one.to_bytes(DIGEST, "little") + bytes(more) for one in told)
    size = DIGEST + more
    known = {digest: number * size for number, digest in enumerate(told)}

    places = Places(rows, size)

    assert [places.find(one) for one in (*told, other)] == [
        known.get(one) for one in (*told, other)
    ]
    assert Places().find(other) is None
