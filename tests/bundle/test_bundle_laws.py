"""Nothing can be done to a signed bundle unseen, and nothing done to one makes a verifier fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.bundle.archive import MANIFEST
from reconciler.bundle.key_file import trusted_key
from reconciler.bundle.reading import Asked
from reconciler.bundle.verify import AtHand, Verified
from reconciler.model.pseudonyms import Pseudonyms
from tests.bundle.bundles import bundled, forged, looked_into, members
from tests.harness import KEY

Look = Callable[[bytes], Verified]


@pytest.fixture(scope="module")
def bundle(signed: Path) -> bytes:
    return signed.read_bytes()


@pytest.fixture(scope="module")
def look(key: Path) -> Look:
    """As an auditor looks who knows the signer's key and has no other."""
    hand = AtHand(trusted=trusted_key(key.with_suffix(".pub")))
    return lambda content: looked_into(content, hand)


@given(data=st.data())
def test_any_byte_that_is_changed_is_found(bundle: bytes, look: Look, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(bundle) - 1))
    changed = bytearray(bundle)
    changed[at] ^= data.draw(st.integers(1, 255))

    assert look(bundle).findings == ()
    assert look(bytes(changed)).findings


@given(data=st.data())
def test_whatever_is_cut_out_or_put_in_is_found(
    bundle: bytes, look: Look, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(bundle)))
    end = data.draw(st.integers(at, min(len(bundle), at + 4096)))
    added = data.draw(st.one_of(st.binary(max_size=600), st.just(bundle[:1024])))
    changed = bundle[:at] + added + bundle[end:]
    assume(changed != bundle)

    assert look(changed).findings


@given(data=st.data())
def test_a_member_that_is_removed_renamed_or_added_is_found(
    bundle: bytes, look: Look, data: st.DataObject
) -> None:
    parts = members(bundle)
    name = data.draw(st.sampled_from(sorted(parts)))
    others = ("audit/other.jsonl", "opt-outs/other.jsonl", "plans/0123456789abcdef.json")
    other = data.draw(st.sampled_from([one for one in (*others, *parts) if one != name]))
    content = parts.pop(name)
    removed = bundled(parts)
    renamed = bundled({**parts, other: content})
    added = bundled({**members(bundle), other: content + b" "})

    assert all(look(one).findings for one in (removed, renamed, added))


@given(data=st.data())
def test_another_order_of_its_members_is_harmless(
    bundle: bytes, look: Look, data: st.DataObject
) -> None:
    parts = members(bundle)
    names = data.draw(st.permutations(sorted(parts)))

    assert look(bundled({name: parts[name] for name in names})).findings == ()


@given(data=st.data())
def test_whatever_stands_in_the_members_nothing_fails(
    bundle: bytes, look: Look, data: st.DataObject
) -> None:
    """With a manifest that is right, so that all else is looked into."""
    parts = members(bundle)
    for name in data.draw(st.lists(st.sampled_from(sorted(set(parts) - {MANIFEST})), max_size=3)):
        parts[name] = data.draw(_spoilt(parts[name]))
    hand = AtHand(asked=Asked(trail=(Pseudonyms(KEY),), heads=("0" * 16,)), plans=True)

    for content in (bundled(parts), forged(parts)):
        looked_into(content, hand)
        look(content)


def _spoilt(content: bytes) -> st.SearchStrategy[bytes]:
    words = st.sampled_from(
        (b'"', b"{", b"[" * 3000, b"null", b"1e999", b"\\ud800", b"\xff", b"\n", b"9" * 5000, b"{}")
    )
    place = st.integers(0, len(content))
    return st.one_of(
        st.binary(max_size=200),
        st.tuples(place, words).map(lambda one: content[: one[0]] + one[1] + content[one[0] :]),
        st.tuples(place, place).map(lambda one: content[: min(one)] + content[max(one) :]),
        st.tuples(place, words).map(
            lambda one: content[: one[0]] + one[1] + content[one[0] + len(one[1]) :]
        ),
    )


@given(content=st.binary(max_size=3000))
def test_any_other_file_is_told(look: Look, content: bytes) -> None:
    assert look(content).findings
