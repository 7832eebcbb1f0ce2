"""What the stores have that the files do not say yet, taken into the files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.at_once import each_store
from reconciler.app.choices import PlanOptions, with_approvals
from reconciler.app.environment import Environment, mask_of, pseudonyms_for
from reconciler.app.hearing import circles
from reconciler.app.history import Compared
from reconciler.app.loading import AsWritten, as_written, selected
from reconciler.app.register import Registers
from reconciler.app.replacement import Replacement
from reconciler.app.scoping import Scoped
from reconciler.app.store_plan import PlanRequest, plan_store
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.errors import ReconcilerError, SpecError

if TYPE_CHECKING:
    from reconciler.desired.adopt.edit import Edit
    from reconciler.desired.adopt.file import Source
    from reconciler.desired.adopt.statement import Statement
    from reconciler.desired.files import FoundFile
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.plan.adoption import Adoption, Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptOptions:
    """`fields` are asked for beside the opt-outs."""

    stores: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One field of one entry, for all stores that the entry is about."""

    adoptions: "tuple[Adoption, ...]"
    statements: "tuple[Statement, ...]"

    @property
    def first(self) -> "Adoption":
        return self.adoptions[0]

    @property
    def files(self) -> frozenset[str]:
        return frozenset(one.document.file for one in self.statements)

    @property
    def order(self) -> "tuple[SourceMark, str]":
        return self.first.mark, self.first.field


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """`units` can be adopted by the `files`, some of the `specs`; `unfit` and `refused` cannot, and
    say why. `failed` are stores that could not be read.
    """

    units: tuple[Unit, ...]
    files: tuple[Replacement, ...]
    specs: "tuple[FoundFile, ...]"
    unfit: "tuple[Unfit, ...]"
    refused: tuple[Diagnostic, ...]
    failed: tuple[str, ...]

    def write(self) -> tuple[Diagnostic, ...]:
        """What could not be written: then nothing is, since a field may be told in several files,
        and those that were are put back.
        """
        done: list[Replacement] = []
        for one in self.files:
            wrong = one.carry_out()
            if wrong is not None:
                again = (other.back().carry_out() for other in reversed(done))
                return (wrong, *(more for more in again if more is not None))
            done.append(one)
        return ()


def adopt(
    specs: Path,
    environment: Environment,
    chosen: AdoptOptions,
    warn: Callable[[Diagnostic], None],
) -> Adopted:
    """Reads the stores as a plan does. Nothing is written yet."""
    from reconciler.plan.adoption import Adoption, Unfit

    written = as_written(specs, environment, warn, chosen.base)
    pseudonyms = pseudonyms_for(environment, written.state)
    failed: list[str] = []
    found = list(_found(written, environment, chosen, pseudonyms, failed))
    units, refused = _units([one for one in found if isinstance(one, Adoption)], written)
    draft = _Draft(specs, environment, chosen.base, written, pseudonyms)
    good, files, wrong = draft.files_of(units)
    return Adopted(
        units=tuple(good),
        files=tuple(files),
        specs=draft.specs,
        unfit=tuple(
            sorted(
                (one for one in found if isinstance(one, Unfit)),
                key=lambda one: (one.mark, one.field),
            )
        ),
        refused=tuple(sorted((*refused, *wrong), key=lambda one: (one.mark, one.rule))),
        failed=tuple(failed),
    )


def _found(
    written: AsWritten,
    environment: Environment,
    chosen: AdoptOptions,
    pseudonyms: "Pseudonyms",
    failed: list[str],
) -> "Iterator[Adoption | Unfit]":
    from reconciler.plan.adoption import adoptions
    from reconciler.plan.called_out import called_out

    state = written.state
    stores = selected(state, chosen.stores)
    request = PlanRequest(
        few=Scoped(state, None, state),
        choices=with_approvals(state, PlanOptions(), environment, pseudonyms),
        environment=environment,
        pseudonyms=pseudonyms,
        registers=Registers(environment, pseudonyms, state),
        circles=circles(stores),
    )
    begun = each_store(stores, partial(plan_store, request), environment.rate_limiters)
    whole: set[str] = set()
    made = []
    for store, one in zip(stores, begun, strict=True):
        try:
            _, read, rules = one.result()
        except ReconcilerError as error:
            failed.append(str(error))
            continue
        made.append((read, rules))
        if read.receipt.proves_absence and not read.receipt.masked:
            whole.add(store.name)
    for read, rules in made:
        pairings = read.index.pairings()
        others = called_out(read.called_out, pairings, rules, all_of_them=False)
        # Where a store of the controller was not heard whole, it may know a later no.
        heard = all(one.name in whole for one in rules.siblings)
        yield from adoptions((*pairings, *others), rules, chosen.fields, opt_ins=heard)


def _units(found: "Sequence[Adoption]", written: AsWritten) -> tuple[list[Unit], list[Diagnostic]]:
    """What is said at one place for several stores is one unit, and only where all of them ask."""
    from reconciler.desired.adopt.statement import statements
    from reconciler.plan.adoption import Kind

    told: dict[tuple[object, ...], list[tuple[Adoption, list[Statement]]]] = {}
    refused: list[Diagnostic] = []
    for one in found:
        places = statements(written.at_hand[one.desired.store], one.desired, one.field)
        if one.kind is Kind.OPT_IN and len(places) > 1:
            refused.append(_by_hand(one, "several entries say no, each with a time of its own"))
        elif places:
            told.setdefault(tuple(place.key for place in places), []).append((one, places))
        else:
            refused.append(_by_hand(one, "several entries, or none, say this together"))
    units = []
    for group in told.values():
        wanted = tuple(sorted((one for one, _ in group), key=lambda one: one.desired.store))
        wrong = _of_several(wanted, group[0][1], written)
        if wrong is None:
            units.append(Unit(adoptions=_alike(wanted), statements=tuple(group[0][1])))
        else:
            refused.append(wrong)
    return sorted(units, key=lambda one: one.order), refused


def _of_several(
    wanted: "Sequence[Adoption]", places: "Sequence[Statement]", written: AsWritten
) -> Diagnostic | None:
    from reconciler.plan.adoption import Kind

    asking = {one.desired.store for one in wanted}
    speaking = {
        store
        for store, known in written.at_hand.items()
        for document in known.made.entries.documents
        if any(document.file == place.document.file for place in places)
    }
    first = wanted[0]
    if speaking - asking:
        others = ", ".join(sorted(speaking - asking))
        return Diagnostic(
            rule="adopt.several-stores",
            message=f"`{first.field}` of {first.alias} stands here for {others} as well, where it "
            "is not so",
            mark=first.mark,
            hint="give each store a file of its own for this, or change it here for all by hand",
        )
    if any(one.kind is not first.kind for one in wanted) or (
        first.kind is not Kind.OPT_OUT and any(one.value != first.value for one in wanted)
    ):
        return _by_hand(first, "the stores of this entry differ in it")
    return None


def _alike(wanted: "Sequence[Adoption]") -> "tuple[Adoption, ...]":
    """Of opt-outs of one person in several stores the latest instant that is told."""
    from reconciler.model.consent import WantedConsent

    values = [one.value for one in wanted if isinstance(one.value, WantedConsent)]
    if not values:
        return tuple(wanted)
    dated = [one for one in values if one.evidence.at is not None]
    latest = max(dated or values, key=lambda one: (one.evidence.at is not None, one.evidence.at))
    return tuple(replace(one, value=latest) for one in wanted)


def _by_hand(one: "Adoption", why: str) -> Diagnostic:
    return Diagnostic(
        rule="adopt.unclear",
        message=f"`{one.field}` of {one.alias} cannot be changed alone: {why}",
        mark=one.mark,
        hint="change it by hand, or in the store",
    )


class _Draft:
    """The files with some units in them, tried before any is written."""

    def __init__(
        self,
        specs: Path,
        environment: Environment,
        base: str | None,
        written: AsWritten,
        pseudonyms: "Pseudonyms",
    ) -> None:
        from reconciler.desired import files

        self._specs = specs
        self._environment = environment
        self._base = base
        self._written = written
        self._pseudonyms = pseudonyms
        found, _ = files.find([specs], mask_of(environment))
        self.specs = found
        self._found = {one.name: one for one in found}
        # Of two files that are shown by one name nobody knows which is meant.
        self._twins = {one.name for one in found if self._found[one.name] is not one}
        self._sources: dict[str, Source | None] = {}

    def files_of(
        self, units: Sequence[Unit]
    ) -> tuple[list[Unit], list[Replacement], list[Diagnostic]]:
        """Those that can be carried out together: all, or as many as can one by one."""
        edits: dict[int, dict[str, list[Edit]]] = {}
        refused: list[Diagnostic] = []
        for number, unit in enumerate(units):
            made = self._edits(unit)
            if isinstance(made, Diagnostic):
                refused.append(made)
            else:
                edits[number] = made
        good, contents = self._sifted(units, edits, list(edits), refused)
        files = [
            Replacement(
                name=name,
                path=self._found[name].path,
                before=source.content,
                after=content,
            )
            for name, content in sorted(contents.items())
            if (source := self._sources[name]) is not None and content != source.content
        ]
        return [units[number] for number in good], files, refused

    def _sifted(
        self,
        units: Sequence[Unit],
        edits: "Mapping[int, Mapping[str, Sequence[Edit]]]",
        numbers: Sequence[int],
        refused: list[Diagnostic],
    ) -> tuple[list[int], dict[str, bytes]]:
        """As many as can be carried out together. Each try reads all files anew, so those that
        cannot are looked for by halves.
        """
        good: list[int] = []
        contents: dict[str, bytes] = {}
        waiting = [list(numbers)]
        while waiting:
            some = waiting.pop()
            found = self._tried(units, edits, [*good, *some])
            if not isinstance(found, str):
                good, contents = [*good, *some], found
            elif len(some) == 1:
                refused.append(_by_hand(units[some[0]].first, found))
            else:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
        return sorted(good), contents

    def _edits(self, unit: Unit) -> "dict[str, list[Edit]] | Diagnostic":
        from reconciler.desired.adopt.change import Refused

        made: dict[str, list[Edit]] = {}
        for one in unit.statements:
            source = self._source(one.document.file)
            if source is None:
                return _by_hand(unit.first, "the file has changed, or has no name of its own")
            try:
                made.setdefault(one.document.file, []).extend(source.edits(one, unit.first.value))
            except Refused as refused:
                return refused.diagnostic
        return made

    def _source(self, name: str) -> "Source | None":
        from reconciler.desired.adopt.file import Source
        from reconciler.desired.files import SpecFile

        if name not in self._sources:
            found = self._found.get(name)
            file = None if found is None or name in self._twins else found.read()
            self._sources[name] = (
                Source.of(name, file.content) if isinstance(file, SpecFile) else None
            )
        return self._sources[name]

    def _tried(
        self,
        units: Sequence[Unit],
        edits: "Mapping[int, Mapping[str, Sequence[Edit]]]",
        numbers: Sequence[int],
    ) -> dict[str, bytes] | str:
        """What the files hold then; or why that is not what is meant, and only that."""
        from reconciler.desired.adopt.edit import OddError

        together: dict[str, list[Edit]] = {}
        for number in numbers:
            for name, some in edits[number].items():
                together.setdefault(name, []).extend(some)
        contents: dict[str, bytes] = {}
        for name, some in together.items():
            source = self._sources[name]
            try:
                content = None if source is None else source.with_edits(some)
            except OddError:
                content = None
            if content is None:
                return "another change meets it, or a comment would be lost; first the others"
            contents[name] = content
        wrong = self._wrong([units[number] for number in numbers], contents) if contents else None
        return contents if wrong is None else wrong

    def _wrong(self, units: Iterable[Unit], contents: Mapping[str, bytes]) -> str | None:
        """None where the files, read anew, say what was adopted and nothing else."""
        from reconciler.app.comparison import says_only

        try:
            after = as_written(
                self._specs, self._environment, _unheard, self._base, Compared(), contents
            )
        except SpecError as error:
            first = error.diagnostics[0]
            return f"a spec may not hold that ({first.rule})"
        wanted = [one for unit in units for one in unit.adoptions]
        if says_only(self._written, after, wanted, self._pseudonyms):
            return None
        return "the files would say something else too"


def _unheard(one: Diagnostic) -> None:
    """Warnings were told of the files as they are."""
