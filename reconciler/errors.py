"""What stops the machine. Problems in what users wrote are `Diagnostic` values instead.

ReconcilerError
├─ SpecError                carries diagnostics
├─ ConfigError              a credential, host or option is missing or refused
├─ PlanFileError            not a plan, damaged, made by another version, or without its key
├─ StalePlanError           the plan as a whole is stale, expired or already used
├─ BlockedPlanError         a policy forbids the apply as it stands
├─ JournalError             the record of an apply cannot be written or read
└─ PlatformError            a store did not do as asked; carries store, status and trace id
   ├─ StoreStopped          nothing more may be sent to this store in this run
   ├─ CustomerNotFound      the store says that this record does not exist
   ├─ Rejected              the store refused this request and did nothing
   │  └─ TooCostly          it asks for more at once than the store allows
   ├─ RateLimited           too many requests, still so after waiting
   ├─ Unavailable           no useful answer to a request that is safe to repeat
   ├─ UnreadableResponse    an answer came that does not follow the store's documents
   └─ OutcomeUnknown        a write was sent and nobody knows whether it was done

Texts are rebuilt from structure (status, operation, field names). What a store says of a refusal is
quoted without whatever may be a person's (`platforms/refusal.py`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic


class ReconcilerError(Exception):
    """An expected failure: one sentence says what happened, and a hint says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class SpecError(ReconcilerError):
    """Every error of the specs at once; no store was asked yet."""

    def __init__(self, diagnostics: "Iterable[Diagnostic]", *, hint: str = "") -> None:
        self.diagnostics = tuple(diagnostics)
        count = len(self.diagnostics)
        told = f"the specs have {count} {'problem' if count == 1 else 'problems'}"
        super().__init__(told, hint=hint)


class ConfigError(ReconcilerError):
    """What the run needs is not given, or may not be used; nothing was sent for it."""


class PlanFileError(ReconcilerError):
    """Whoever holds the file has to plan again, or to bring the key it was made with."""


class StalePlanError(ReconcilerError):
    """Planning again is the way on; nothing of this plan was written by this run."""


class BlockedPlanError(ReconcilerError):
    """Opt-outs may still be carried out alone."""


class JournalError(ReconcilerError):
    """What cannot be recorded is not done; what was done before it is told."""


class PlatformError(ReconcilerError):
    """`doing` is the operation in plain words; `status` is 0 where no HTTP answer came.

    `retry_after` is in seconds, where the store told it.
    """

    def __init__(
        self,
        message: str,
        *,
        store: str,
        doing: str = "",
        status: int = 0,
        trace: str = "",
        hint: str = "",
    ) -> None:
        self.store = store
        self.doing = doing
        self.status = status
        self.trace = trace
        self.retry_after: float | None = None
        where = f"store {store}: {doing}: " if doing else f"store {store}: "
        tail = f" (trace id {trace})" if trace else ""
        super().__init__(f"{where}{message}{tail}", hint=hint)


class StoreStopped(PlatformError):
    """Other stores go on."""


class CustomerNotFound(PlatformError):
    """A 404, which means nobody only once the same token has read something."""


class Rejected(PlatformError):
    """Certain to have changed nothing."""


class TooCostly(Rejected):
    """Less may be asked for at once, as soon as anybody likes."""


class RateLimited(PlatformError):
    """Certain to have changed nothing; a read was repeated already."""


class Unavailable(PlatformError):
    """Of a read, or of a write that cannot have been sent."""


class UnreadableResponse(PlatformError):
    """Asking again would not help: the answer is not what the documents promise."""


class OutcomeUnknown(PlatformError):
    """Only reading tells whether the write was done; it must not be repeated before that."""
