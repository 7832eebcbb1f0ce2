"""What left the files between two revisions of them, on values."""

from collections.abc import Callable, Mapping

import pytest

from reconciler.desired import schema_errors
from reconciler.desired.customers import StoreEntries
from reconciler.desired.departure import departed
from reconciler.desired.document import Document
from reconciler.desired.files import SpecFile
from reconciler.desired.past import Past
from reconciler.model.customer import DesiredCustomer
from reconciler.model.former import Before
from reconciler.model.managed import UNMANAGED
from reconciler.model.personal import Personal
from tests.builders import NOW, resolved
from tests.growth import grows_with_its_size

STORES = "stores: {a: {platform: genstore, shop: a, token: {env: T}, phone_region: CN}}\n"
Files = Mapping[str, str]


def documents(files: Files) -> list[Document]:
    found = []
    for name, text in sorted(files.items()):
        document, wrong = schema_errors.read(SpecFile(name=name, content=text.encode()))
        assert not wrong
        assert document is not None
        found.append(document)
    return found


def between(before: Files, after: Files) -> tuple[list[DesiredCustomer], Before]:
    """The entries of the files that are `after`, with what left since `before`."""
    before, after = {"s": STORES, **before}, {"s": STORES, **after}
    state, complaints, every = resolved(documents(after))
    assert not complaints
    here = every["a"]
    at_hand = here.made.entries.documents
    same = [n for n, one in enumerate(at_hand) if before.get(one.file) == after[one.file]]
    there = documents({name: text for name, text in before.items() if after.get(name) != text})
    past = Past("c" * 40, here, same, StoreEntries(state.stores[0], there, NOW))
    entries, told = departed(here, state.stores[0], past, None)
    return list(entries), told


def gone(entries: list[DesiredCustomer]) -> dict[str, tuple[str, ...]]:
    """The tags that are to go, by the first identity of each customer."""
    return {one.identities[0].key: one.left_tags for one in entries if one.left_tags}


def listed(*entries: str) -> str:
    return "customers:\n" + "".join(f"- {one}\n" for one in entries)


ADA = "email: ada@example.com"
VIP = "tags:\n- name: vip\n  members:\n"

CASES: dict[str, tuple[Files, Files, dict[str, tuple[str, ...]]]] = {
    "nothing differs": ({"c": listed(f"{{{ADA}, tags: [x]}}")},) * 2 + ({},),
    "the tag of an entry": (
        {"c": listed(f"{{{ADA}, tags: [x, y]}}")},
        {"c": listed(f"{{{ADA}, tags: [y]}}")},
        {"ada@example.com": ("x",)},
    ),
    "the list of tags of an entry": (
        {"c": listed(f"{{{ADA}, tags: {{add: [x]}}}}")},
        {"c": listed(f"{{{ADA}}}")},
        {"ada@example.com": ("x",)},
    ),
    "a default": (
        {"c": "defaults: {tags: [x]}\n" + listed(f"{{{ADA}}}")},
        {"c": listed(f"{{{ADA}}}")},
        {"ada@example.com": ("x",)},
    ),
    "a member": (
        {"c": listed(f"{{{ADA}}}"), "t": f"{VIP}  - {{{ADA}}}\n"},
        {"c": listed(f"{{{ADA}}}"), "t": f"{VIP}  - {{email: bob@example.com}}\n"},
        {"ada@example.com": ("vip",)},
    ),
    "a member whom nobody else names": (
        {"t": f"{VIP}  - {{{ADA}}}\n"},
        {},
        {"ada@example.com": ("vip",)},
    ),
    "a member whom a list names by another identity": (
        {"c": listed(f'{{{ADA}, phone: "+8613315034487"}}'), "t": f"{VIP}  - {{{ADA}}}\n"},
        {"c": listed('{phone: "+8613315034487"}')},
        {"+8613315034487": ("vip",)},
    ),
    "a member who is renamed in the same change": (
        {"c": listed(f"{{{ADA}}}"), "t": f"{VIP}  - {{{ADA}}}\n"},
        {"c": listed("{email: new@example.com, previously: {email: ada@example.com}}")},
        {"new@example.com": ("vip",)},
    ),
    "a member who is on the list of the entry as well": (
        {"c": listed(f"{{{ADA}, tags: [vip]}}"), "t": f"{VIP}  - {{{ADA}}}\n"},
        {"c": listed(f"{{{ADA}, tags: [vip]}}")},
        {},
    ),
    "a tag in another case": (
        {"c": listed(f"{{{ADA}, tags: [Vip]}}")},
        {"c": listed(f"{{{ADA}, tags: [vip]}}")},
        {},
    ),
    "the entry, which keeps its tags": ({"c": listed(f"{{{ADA}, tags: [x]}}")}, {}, {}),
    "the entry of somebody who is absent": (
        {"c": listed(f"{{{ADA}, state: absent}}")},
        {},
        {},
    ),
    "somebody who turns absent": (
        {"c": listed(f"{{{ADA}, tags: [x]}}")},
        {"c": listed(f"{{{ADA}, state: absent}}")},
        {},
    ),
    "an entry that moves to another file": (
        {"c": listed(f"{{{ADA}, tags: [x]}}")},
        {"d": listed(f"{{{ADA}, tags: [x]}}")},
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tags_that_leave(case: str) -> None:
    before, after, expected = CASES[case]
    entries, _ = between(before, after)
    assert gone(entries) == expected


def test_who_left_is_told_with_the_place_of_then() -> None:
    entries, before = between({"c": listed(f"{{{ADA}, tags: [x]}}")}, {"d": listed("{id: '7'}")})
    assert [one.identities[0].key for one in entries] == ["7"]
    assert [str(one.customer.mark) for one in before.departures] == ["c:2:3"]
    assert (before.left, before.listed) == (1, 1)


def test_no_wish_but_tags_comes_of_what_left() -> None:
    told = f"{{{ADA}, first_name: Ada, note: n, consent: {{email: unsubscribed}}}}"
    entries, _ = between(
        {"c": listed(told), "t": f"{VIP}  - {{{ADA}}}\n"}, {"c": listed("{id: '7'}")}
    )
    (ada,) = [one for one in entries if one.departed]
    assert ada.scalars == ()
    assert ada.consents == ()
    assert ada.addresses is UNMANAGED
    assert not ada.creates
    assert not ada.absent


def test_what_an_entry_said_is_found_by_any_of_its_names() -> None:
    _, before = between(
        {"c": listed(f'{{{ADA}, phone: "+8613315034487", first_name: Ada}}')},
        {"c": listed('{phone: "+8613315034487", first_name: Eva}')},
    )
    entries, _ = between({}, {"c": listed('{phone: "+8613315034487"}')})
    assert before.base is not None
    former = before.base(entries[0])
    assert former is not None
    assert dict(former.scalars)["first_name"] == Personal("Ada")


def test_those_who_exchange_addresses_are_told_apart() -> None:
    swapped = listed(
        "{email: ada@example.com, first_name: Bob, previously: {email: bob@example.com}}",
        "{email: bob@example.com, first_name: Ada, previously: {email: ada@example.com}}",
    )
    plain = listed(
        "{email: ada@example.com, first_name: Ada}", "{email: bob@example.com, first_name: Bob}"
    )
    entries, before = between({"c": plain}, {"c": swapped})
    assert before.base is not None
    for one in entries:
        former = before.base(one)
        assert former is not None
        assert former.scalars == one.scalars


def _shrinking(size: int) -> Callable[[], object]:
    people = [f"{{email: c{number}@example.com, tags: {{add: [x, y]}}}}" for number in range(size)]
    fewer = [one.replace("x, ", "") for one in people[size // 2 :]]
    return lambda: between({"c": listed(*people)}, {"c": listed(*fewer)})


@pytest.mark.no_cover
def test_what_left_is_found_in_one_go() -> None:
    grows_with_its_size(_shrinking, 60)
