"""What holds of every request and every answer, whatever is asked."""

import gzip
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from reconciler.model.consent import Channel
from reconciler.model.identity import IdentityKind, identity
from reconciler.platforms.base import Incremental, LookupImpossible
from reconciler.testing.case import Case
from reconciler.testing.check import (
    ADA,
    BYSTANDER,
    SUBSCRIBED,
    Check,
    is_yes,
    looks_up_emails,
    nothing,
)
from reconciler.testing.proxy import Fault, FaultKind, Proxy, serving
from reconciler.testing.subject import Person

_ALWAYS: Final = 9999
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PEOPLE: Final = 600
_LONG: Final = 70 * 1024 * 1024
_PASSING: Final[Mapping[str, Fault]] = {
    "500": Fault(status=500, times=2),
    "502 as a page": Fault(status=502, body=b"<html>bad gateway</html>", times=2),
    "429": Fault(status=429, times=2),
    "a lost answer": Fault(kind=FaultKind.LOST_BEFORE, times=2),
    "an answer that breaks off": Fault(kind=FaultKind.TRUNCATED, times=2),
}
_NO_ANSWERS: Final[Mapping[str, bytes]] = {
    "null": b"null",
    "a number": b"7",
    "a text": b'"text"',
    "another object": b'{"unexpected": []}',
    "a page": b"<html>welcome</html>",
    "half of something": b'{"customers": [{"id": ',
}


def whoever_is_there_is_read_as_they_are(case: Case) -> None:
    case.begin([replace(ADA, consents=SUBSCRIBED), BYSTANDER])
    known = case.table.creates | case.table.updates
    with case.client() as client:
        scanned = {live.remote_id: live for page in client.scan() for live in page.customers}
        truth = case.server.people()

        assert set(scanned) == {one.id for one in truth}, "the list shows somebody else"
        for person in truth:
            for live in (scanned[person.id], client.read(person.id)):
                assert live is not None, "a customer of the list is not found by id"
                shown = None if live.email is None else live.email.reveal()
                assert shown == person.email, "an e-mail address is not as it is"
                assert set(live.tags) == set(person.tags), "tags are not as they are"
                for name in {"first_name", "last_name"} & known:
                    value = getattr(live, name)
                    told = None if value is None else value.reveal()
                    assert told == getattr(person, name), f"{name} is not as it is"
                said = is_yes(live.consent(Channel.EMAIL).state)
                assert said is is_yes(person.consent(Channel.EMAIL)), "a consent is misread"


def whoever_is_gone_is_not_read(case: Case) -> None:
    case.begin([ADA, BYSTANDER])
    gone, left = (case.people()[str(one.email)].id for one in (ADA, BYSTANDER))
    case.server.remove(gone)

    with case.client() as client:
        assert client.read(gone) is None, "somebody who is gone is read by id"
        both = set(client.read_many([left, gone]))
        assert both == {left}, "reading several at once shows others than who is there"


def a_look_up_finds_who_is_meant_and_nobody_else(case: Case) -> None:
    case.begin([ADA, BYSTANDER])
    with case.client() as client:
        for email, expected in (("ada@example.com", 1), ("nobody@example.com", 0)):
            wanted = identity(IdentityKind.EMAIL, email, None)
            assert wanted is not None
            found = client.find(wanted, email)
            told = [one.email.reveal() for one in found.customers if one.email is not None]
            assert told == [email] * expected, f"{len(told)} customers, and not {expected}"


def the_whole_list_is_read(case: Case) -> None:
    size = min(2 * case.table.page + 3, _MOST_PEOPLE)
    case.begin(Person(email=f"c{number}@example.com") for number in range(size))
    planned = case.plan()

    assert planned.store.receipt is not None, planned.told()
    assert planned.store.receipt.complete, planned.told()
    assert planned.store.receipt.read == size, f"{planned.store.receipt.read} of {size} were read"


def what_changed_is_listed_where_the_table_says_so(case: Case) -> None:
    """The client is `Incremental` if its table has `lists_changes`, and only then."""
    people = [Person(email=f"c{number}@example.com") for number in range(3)]
    case.begin(people)
    with case.client() as client:
        assert isinstance(client, Incremental)
        try:
            pages = list(client.changed(_LONG_AGO))
        except LookupImpossible:
            assert not case.table.lists_changes, "the table has `lists_changes`, and no list came"
            return
    assert case.table.lists_changes, "the client lists what changed, and the table does not say so"
    found = {one.email.reveal() for page in pages for one in page.customers if one.email}
    assert found == {one.email for one in people}, f"{len(found)} of {len(people)} were listed"


def a_reading_that_breaks_off_proves_nothing(case: Case) -> None:
    """Whichever of its requests fails for good: nobody is taken for absent after it."""
    people = [Person(email=f"c{number}@example.com") for number in range(case.table.page + 1)]
    wanted = {"email": "c0@example.com"}
    case.begin(people[:_MOST_PEOPLE], wanted)
    case.plan()
    for number in range(1, len(case.proxy.asked) + 1):
        case.proxy.arm(Fault(status=500, nth=number, times=_ALWAYS))
        planned = case.plan()
        incomplete = planned.store.receipt is None or not planned.store.receipt.complete
        assert planned.store.error or incomplete, f"request {number} failed and was not missed"
        assert planned.plan.empty, f"after request {number} failed there are changes"
        case.proxy.arm(None)


def every_request_carries_the_token(case: Case) -> None:
    case.begin([ADA], {"email": "nobody@example.com"})
    case.apply(case.plan())

    assert case.proxy.asked, "nothing was asked"
    for one in case.proxy.asked:
        carried = any(case.server.token in text for text in one.headers.values())
        assert carried, f"{one.method} {one.path} went without the token"


def a_redirect_is_not_followed(case: Case) -> None:
    """It may lead elsewhere, and the token would go there."""
    case.begin([ADA], {"email": "ada@example.com", "state": "present"})
    thief = Proxy(case.server.url, lambda: ())
    with serving(thief):
        target = {"location": f"{thief.url}/elsewhere"}
        for status in (301, 302, 307, 308):
            case.proxy.arm(Fault(status=status, headers=target, times=_ALWAYS))
            planned = case.plan()
            assert thief.asked == [], f"a {status} was followed"
            assert planned.store.error, f"a {status} was taken for an answer"


def a_read_that_fails_for_a_moment_is_repeated(case: Case) -> None:
    for name, fault in _PASSING.items():
        case.begin([ADA, BYSTANDER])
        case.proxy.arm(fault)
        planned = case.plan()
        assert not planned.store.error, f"{name} ended the reading: {planned.told()}"
        assert planned.store.receipt is not None, planned.told()
        assert planned.store.receipt.read == 2, f"after {name} the list is not whole"


def a_wait_that_the_store_asks_for_is_kept(case: Case) -> None:
    case.begin([ADA])
    case.proxy.arm(Fault(status=429, headers={"retry-after": "7"}))
    began = case.clock.monotonic()
    planned = case.plan()

    assert not planned.store.error, planned.told()
    assert case.clock.monotonic() - began >= 7, "it was asked again before the time was over"


def a_wait_that_is_too_long_ends_the_reading(case: Case) -> None:
    case.begin([ADA])
    case.proxy.arm(Fault(status=429, headers={"retry-after": "100000"}, times=_ALWAYS))

    assert case.plan().store.error, "it was waited for"
    assert len(case.proxy.asked) == 1, "it was asked again"


def a_token_that_may_not_is_not_tried_again(case: Case) -> None:
    for status in (401, 403, 423):
        case.begin([ADA])
        case.proxy.arm(Fault(status=status, times=_ALWAYS))

        assert case.plan().store.error, f"after a {status} there is a plan"
        assert len(case.proxy.asked) == 1, f"after a {status} more was sent"


def what_cannot_be_understood_is_no_empty_store(case: Case) -> None:
    for name, body in _NO_ANSWERS.items():
        case.begin([ADA], {"email": "ada@example.com"})
        case.proxy.arm(Fault(body=body, times=_ALWAYS))
        planned = case.plan()
        assert planned.store.error, f"{name} was taken for an answer: {planned.told()}"
        assert planned.plan.empty, f"after {name} there are changes"


def an_answer_without_end_is_left(case: Case) -> None:
    case.begin([ADA])
    packed = gzip.compress(bytes(_LONG), compresslevel=1)
    case.proxy.arm(Fault(body=packed, headers={"content-encoding": "gzip"}, times=_ALWAYS))

    assert case.plan().store.error, "it was taken for an answer"


CHECKS: Final = (
    Check(whoever_is_there_is_read_as_they_are, nothing),
    Check(whoever_is_gone_is_not_read, nothing),
    Check(a_look_up_finds_who_is_meant_and_nobody_else, looks_up_emails),
    Check(the_whole_list_is_read, nothing),
    Check(what_changed_is_listed_where_the_table_says_so, nothing),
    Check(a_reading_that_breaks_off_proves_nothing, nothing),
    Check(every_request_carries_the_token, nothing),
    Check(a_token_that_may_not_is_not_tried_again, nothing),
    Check(a_redirect_is_not_followed, nothing),
    Check(what_cannot_be_understood_is_no_empty_store, nothing),
    Check(an_answer_without_end_is_left, nothing),
    Check(a_read_that_fails_for_a_moment_is_repeated, nothing),
    Check(a_wait_that_the_store_asks_for_is_kept, nothing),
    Check(a_wait_that_is_too_long_ends_the_reading, nothing),
)
