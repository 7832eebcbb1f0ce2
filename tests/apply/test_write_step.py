"""The one loop that writes, on a scripted kind of write and a real journal."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from reconciler.apply.cancellation import Cancellation
from reconciler.apply.circuit import Circuit
from reconciler.apply.left_open import verified
from reconciler.apply.notes import Notes
from reconciler.apply.write_step import (
    LOST,
    PASSING,
    TRIES,
    StoreLeft,
    Tried,
    write_step,
)
from reconciler.clock import Clock, system_clock
from reconciler.errors import (
    CustomerNotFound,
    JournalError,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Rejected,
    StoreStopped,
    Unavailable,
    UnreadableResponse,
)
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.plan.outcome import State, StepOutcome
from reconciler.plan.steps import Step
from reconciler.state.journal import Journal, JournalState
from reconciler.state.recorder import Record
from reconciler.state.register import Place, RegisterFile
from reconciler.state.trail import Trail
from tests.apply.test_recheck import approved
from tests.builders import desired, live
from tests.harness import KEY

(STEP,) = approved(desired(first_name="New"), live(first_name="Ada"))
DONE = StepOutcome(step=STEP, state=State.DONE)
ALREADY = StepOutcome(step=STEP, state=State.ALREADY)


def error(
    kind: type[PlatformError], message: str = "no", retry_after: float | None = None
) -> PlatformError:
    made = kind(message, store="shop")
    made.retry_after = retry_after
    return made


@dataclass(slots=True, kw_only=True)
class Scripted:
    """Each send goes as `answers` says, None being a good one; each look as `looks` says, and a
    record where it says nothing more. `calls` is what the loop asked.
    """

    tries: ClassVar[int] = TRIES
    passing: ClassVar[tuple[type[PlatformError], ...]] = PASSING

    notes: Notes
    answers: list[PlatformError | None]
    looks: list[str | StepOutcome | PlatformError] = field(default_factory=list)
    finds: StepOutcome | PlatformError | None = None
    step: Step = STEP
    sent_before: bool = False
    after: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)

    def look(self, tried: Tried) -> str | StepOutcome:
        self.calls.append(f"look {tried.count}{' lost' if tried.lost else ''}")
        seen = self.looks.pop(0) if self.looks else "a record"
        if isinstance(seen, PlatformError):
            raise seen
        return seen

    def allowed(self, ground: str) -> bool:
        return self.notes.intends(self.step)

    def send(self, ground: str) -> None:
        self.calls.append("send")
        answer = self.answers.pop(0)
        self.after()
        if answer is not None:
            raise answer

    def check(self, ground: str) -> StepOutcome | None:
        self.calls.append("check")
        return DONE

    def after_error(self, error: PlatformError, ground: str, tried: Tried) -> StepOutcome | None:
        if isinstance(self.finds, PlatformError):
            raise self.finds
        return self.finds


@dataclass(slots=True)
class Bed:
    """What the loop is given, and what it leaves behind."""

    journal: Journal
    register: RegisterFile
    record: Record
    circuit: Circuit
    rests: list[float] = field(default_factory=list)

    @property
    def notes(self) -> Notes:
        return Notes(
            journal=self.journal,
            plan="plan",
            register=self.register,
            audit=self.record,
            circuit=self.circuit,
        )

    def write(self, write: Scripted) -> StepOutcome:
        return write_step(write, self.circuit, self.rests.append)

    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.journal.path.read_bytes().splitlines()]


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    journal = Journal(tmp_path / "journals" / "plan.shop.jsonl", system_clock(), JournalState())
    circuit = Circuit(cancellation=Cancellation(), trail_stands=lambda: None)
    trail = Trail(tmp_path, "shop", Pseudonyms(KEY), system_clock())
    record = Record(trail=trail, plan="plan", about={})
    key = Pseudonyms(KEY)
    place = Place(
        folder=tmp_path / "opt-outs",
        state=tmp_path,
        store="shop",
        controller="shop",
        keys={key.name: key},
    )
    yield Bed(journal, RegisterFile(place, system_clock()), record, circuit)
    journal.close()


def test_a_write_is_looked_at_noted_sent_and_checked(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[None])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "check"]
    assert bed.events() == ["intended"]


def test_where_there_is_nothing_to_write_nothing_is_noted(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[], looks=[ALREADY])

    assert bed.write(write) == ALREADY
    assert (write.calls, bed.events()) == (["look 0"], [])


@pytest.mark.parametrize("kind", [Rejected, CustomerNotFound, StoreStopped, UnreadableResponse])
def test_what_will_not_pass_is_raised_at_once(bed: Bed, kind: type[PlatformError]) -> None:
    write = Scripted(notes=bed.notes, answers=[error(kind)])

    with pytest.raises(kind):
        bed.write(write)
    assert write.calls == ["look 0", "send"]


def test_a_refusal_that_the_kind_can_explain_is_its_outcome(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(Rejected)], finds=ALREADY)

    assert bed.write(write) == ALREADY


@pytest.mark.parametrize(
    ("told", "rested"),
    [((None, None), [1.0, 2.0]), ((7.0, 0.5), [7.0, 0.5])],
    ids=["longer each time", "as the store says"],
)
def test_after_a_rate_limit_it_rests_and_looks_again(
    bed: Bed, told: tuple[float | None, ...], rested: list[float]
) -> None:
    limits = [error(RateLimited, retry_after=one) for one in told]
    write = Scripted(notes=bed.notes, answers=[*limits, None])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "look 1", "send", "look 2", "send", "check"]
    assert bed.rests == rested
    assert bed.events() == ["intended"] * 3


@pytest.mark.parametrize("kind", [RateLimited, Unavailable, OutcomeUnknown])
def test_the_error_of_the_last_try_is_raised(bed: Bed, kind: type[PlatformError]) -> None:
    write = Scripted(notes=bed.notes, answers=[error(kind) for _ in range(TRIES)])

    with pytest.raises(kind):
        bed.write(write)
    assert write.calls.count("send") == TRIES
    assert len(bed.rests) == (TRIES - 1 if kind is RateLimited else 0)


def test_a_lost_answer_that_the_next_look_finds_is_not_sent_again(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(OutcomeUnknown)], looks=["a record", DONE])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "look 1 lost"]


def test_a_lost_answer_that_is_found_at_once_needs_no_other_look(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(OutcomeUnknown)], finds=DONE)

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send"]


def test_a_lost_answer_that_is_not_found_is_sent_again(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(OutcomeUnknown), None])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "look 1 lost", "send", "check"]
    assert bed.rests == []


def test_what_did_not_reach_the_store_is_not_taken_for_lost(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(Unavailable), None])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "look 1", "send", "check"]


@dataclass(slots=True, kw_only=True)
class Patient(Scripted):
    """A kind that is never sent again after one error."""

    passing: ClassVar[tuple[type[PlatformError], ...]] = (RateLimited, OutcomeUnknown)


def test_each_kind_says_after_which_errors_it_goes_again(bed: Bed) -> None:
    write = Patient(notes=bed.notes, answers=[error(Unavailable), None])

    with pytest.raises(Unavailable):
        bed.write(write)


def test_a_first_look_that_fails_is_raised_for_nothing_was_sent(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[], looks=[error(Unavailable)])

    with pytest.raises(Unavailable):
        bed.write(write)


def test_a_first_look_that_fails_after_a_run_that_sent_it_leaves_it_unknown(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[], looks=[error(Unavailable)], sent_before=True)

    assert bed.write(write).state is State.UNKNOWN


def test_a_look_that_fails_after_a_lost_answer_leaves_the_outcome_unknown(bed: Bed) -> None:
    write = Scripted(
        notes=bed.notes,
        answers=[error(OutcomeUnknown)],
        looks=["a record", error(StoreStopped, "frozen")],
    )

    assert bed.write(write) == StepOutcome(
        step=STEP, state=State.UNKNOWN, message="store shop: frozen"
    )
    assert bed.circuit.stopped == "store shop: frozen"


def test_a_look_that_fails_after_a_rate_limit_is_raised(bed: Bed) -> None:
    looks: list[str | StepOutcome | PlatformError] = ["a record", error(Unavailable)]
    write = Scripted(notes=bed.notes, answers=[error(RateLimited)], looks=looks)

    with pytest.raises(Unavailable):
        bed.write(write)


def test_looking_for_a_lost_write_in_vain_for_an_error_is_unknown(bed: Bed) -> None:
    looking = error(Unavailable, "down")
    write = Scripted(notes=bed.notes, answers=[error(OutcomeUnknown)], finds=looking)

    assert bed.write(write) == StepOutcome(
        step=STEP, state=State.UNKNOWN, message="store shop: down"
    )


def test_looking_after_a_refusal_in_vain_for_an_error_is_that_error(bed: Bed) -> None:
    write = Scripted(notes=bed.notes, answers=[error(Rejected)], finds=error(Unavailable))

    with pytest.raises(Unavailable):
        bed.write(write)


def test_nothing_is_sent_after_ctrl_c(bed: Bed) -> None:
    bed.circuit.cancellation.interrupted.set()
    write = Scripted(notes=bed.notes, answers=[None])

    with pytest.raises(StoreLeft):
        bed.write(write)
    assert (write.calls, bed.events()) == (["look 0"], [])


@pytest.mark.parametrize("kind", [RateLimited, Unavailable])
def test_ctrl_c_between_two_tries_leaves_what_was_not_sent(
    bed: Bed, kind: type[PlatformError]
) -> None:
    interrupt = bed.circuit.cancellation.interrupted.set
    write = Scripted(notes=bed.notes, answers=[error(kind), None], after=interrupt)

    with pytest.raises(StoreLeft):
        bed.write(write)
    assert write.calls == ["look 0", "send", "look 1"]


def test_ctrl_c_after_a_lost_answer_leaves_the_outcome_unknown(bed: Bed) -> None:
    interrupt = bed.circuit.cancellation.interrupted.set
    write = Scripted(notes=bed.notes, answers=[error(OutcomeUnknown), None], after=interrupt)

    assert bed.write(write) == StepOutcome(step=STEP, state=State.UNKNOWN, message=LOST)
    assert write.calls == ["look 0", "send", "look 1 lost"]


def test_what_an_earlier_run_sent_is_unknown_where_this_one_may_send_nothing(bed: Bed) -> None:
    bed.circuit.stop("enough")
    write = Scripted(notes=bed.notes, answers=[None], sent_before=True)

    assert bed.write(write) == StepOutcome(step=STEP, state=State.UNKNOWN, message=LOST)


def test_what_cannot_be_noted_is_not_sent(bed: Bed) -> None:
    bed.journal.path.unlink()
    write = Scripted(notes=bed.notes, answers=[None])

    with pytest.raises(StoreLeft):
        bed.write(write)
    assert write.calls == ["look 0"]
    assert "was removed or replaced while the apply ran" in bed.circuit.stopped


def test_a_lost_write_whose_repeat_cannot_be_noted_is_unknown(bed: Bed) -> None:
    write = Scripted(
        notes=bed.notes, answers=[error(OutcomeUnknown), None], after=bed.journal.path.unlink
    )

    assert bed.write(write) == StepOutcome(step=STEP, state=State.UNKNOWN, message=LOST)
    assert write.calls == ["look 0", "send", "look 1 lost"]


def test_nothing_is_sent_where_the_trail_does_not_stand(bed: Bed) -> None:
    def torn() -> None:
        raise JournalError("the trail is gone")

    bed.circuit.trail_stands = torn
    write = Scripted(notes=bed.notes, answers=[None])

    with pytest.raises(StoreLeft):
        bed.write(write)
    assert bed.circuit.stopped == "the trail is gone"


def test_nothing_is_sent_once_as_many_failed_as_are_allowed(bed: Bed) -> None:
    bed.circuit.cancellation.max_failures = 1
    bed.circuit.cancellation.count_failure()
    write = Scripted(notes=bed.notes, answers=[None])

    with pytest.raises(StoreLeft):
        bed.write(write)
    assert bed.circuit.stopped == "1 failures, as many as --max-failures allows"


@dataclass(slots=True, kw_only=True)
class Slow(Scripted):
    """A kind whose answers prove nothing: only the next look tells."""

    def check(self, ground: str) -> None:
        self.calls.append("not yet")


def test_a_kind_may_leave_it_to_the_next_look_whether_it_took(bed: Bed) -> None:
    write = Slow(notes=bed.notes, answers=[None, None], looks=["a record", "a record", DONE])

    assert bed.write(write) == DONE
    assert write.calls == ["look 0", "send", "not yet", "look 1", "send", "not yet", "look 2"]


def test_a_good_answer_that_cannot_be_read_back_is_unverified(bed: Bed) -> None:
    def read_back() -> StepOutcome:
        raise error(StoreStopped, "locked")

    assert verified(STEP, "1", read_back, bed.circuit) == StepOutcome(
        step=STEP, state=State.UNVERIFIED, remote_id="1", message="store shop: locked"
    )
    assert bed.circuit.stopped == "store shop: locked"


def test_the_first_reason_to_stop_is_the_one_that_is_told(bed: Bed) -> None:
    bed.circuit.stop("first")
    bed.circuit.stop("second")

    assert (bed.circuit.over(), bed.circuit.stopped) == (True, "first")


def test_a_rest_ends_with_its_time_or_with_ctrl_c() -> None:
    hands, cancellation = [0.0], Cancellation()

    def sleep(seconds: float) -> None:
        hands[0] += seconds
        if hands[0] >= 2.0:
            cancellation.interrupted.set()

    clock = Clock(now=system_clock().now, monotonic=lambda: hands[0], sleep=sleep)
    cancellation.rest(1.2, clock)
    whole = hands[0]
    cancellation.rest(60.0, clock)

    assert [whole, hands[0]] == pytest.approx([1.2, 2.2])


def test_failures_are_counted_by_all_threads_together() -> None:
    cancellation = Cancellation()
    threads = [threading.Thread(target=cancellation.count_failure) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert cancellation.failures == 50
