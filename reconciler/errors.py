"""What stops the machine. Problems in what users wrote are `Diagnostic` values instead.

ReconcilerError
├─ SpecError                carries diagnostics
├─ ConfigError              a credential, host or option is missing or refused
├─ PlanFileError            not a plan, damaged, made by another version, or without its key
├─ StalePlanError           the plan as a whole is stale, expired or already used
├─ BlockedPlanError         a policy forbids the apply as it stands
├─ JournalError             the record of an apply cannot be written or read
├─ Interrupted              Ctrl-C or SIGTERM; the journal is closed
└─ PlatformError            a store did not do as asked; carries store, status and trace id
   ├─ StoreStopped          nothing more may be sent to this store in this run
   ├─ CustomerNotFound      the store says that this record does not exist
   ├─ Rejected              the store refused this request and did nothing
   ├─ RateLimited           too many requests, still so after waiting
   ├─ Unavailable           no useful answer to a request that is safe to repeat
   ├─ UnreadableResponse    an answer came that does not follow the store's documents
   └─ OutcomeUnknown        a write was sent and nobody knows whether it was done

Texts are rebuilt from structure (status, operation, field names). What a store says of a refusal is
quoted without whatever may be a person's (`platforms/refusal.py`).
"""

from collections.abc import Iterable

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
    def __init__(self, diagnostics: Iterable[Diagnostic], *, hint: str = "") -> None:
        self.diagnostics = tuple(diagnostics)
        count = len(self.diagnostics)
        told = f"the specs have {count} {'problem' if count == 1 else 'problems'}"
        super().__init__(told, hint=hint)


class ConfigError(ReconcilerError):
    pass


class PlanFileError(ReconcilerError):
    pass


class StalePlanError(ReconcilerError):
    pass


class BlockedPlanError(ReconcilerError):
    pass


class JournalError(ReconcilerError):
    pass


class Interrupted(ReconcilerError):
    pass


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
    pass


class CustomerNotFound(PlatformError):
    pass


class Rejected(PlatformError):
    pass


class RateLimited(PlatformError):
    pass


class Unavailable(PlatformError):
    pass


class UnreadableResponse(PlatformError):
    pass


class OutcomeUnknown(PlatformError):
    pass
