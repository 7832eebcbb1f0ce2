"""A plan for a terminal: what stands in the way first, then the changes by store and risk class."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.model.capabilities import Footprint
from reconciler.model.settings import RiskClass
from reconciler.plan.verdicts import Level
from reconciler.planfile.saved import SavedPlan, SavedStore, SavedVerdict
from reconciler.report import phrases, settings
from reconciler.report.items import Item, Reveal, items
from reconciler.report.lines import Line, Style
from reconciler.report.phrases import NAMED_AT_MOST, place
from reconciler.report.plain import counted, plain

_LEVELS: Final = {Level.BLOCK.value: Style.BAD, Level.HOLD.value: Style.WARN}
_COLOURS: Final = {
    RiskClass.CREATE: Style.ADD,
    RiskClass.GRANT: Style.ADD,
    RiskClass.DELETE: Style.REMOVE,
    RiskClass.WITHDRAW: Style.REMOVE,
}
LEGEND: Final = "+ new   ~ changed   - deleted   ••• personal value, masked"


def render(plan: SavedPlan, *, every: bool, reveal: Reveal) -> Iterator[Line]:
    """`every` lists each customer; otherwise identical changes are folded."""
    found = items(plan, reveal)
    yield from _not_read(plan)
    yield from not_carried_out(plan)
    yield from _settings(plan)
    for store in plan.stores:
        own = [one for one in found if one.store == store.name]
        yield from _store(store, own, plan.verdicts_of(store.name), every=every)
    if found:
        yield Line(LEGEND, Style.DIM)
        if any("grade " in one.what for one in found):
            yield Line(phrases.GRADES, Style.DIM)
        yield Line()
    yield from _last(plan)


def _not_read(plan: SavedPlan) -> Iterator[Line]:
    """What nobody knows stands before all that is known."""
    found = phrases.gaps(plan)
    for gap in found:
        mark = "NOT READ" if gap.unread else "READ IN PART"
        yield Line(f"{mark}  {gap.store}: {plain(gap.why)}", Style.BAD)
    if found:
        yield Line()


def not_carried_out(plan: SavedPlan) -> Iterator[Line]:
    """What is owed to people and not planned stands before everything else, each with its line."""
    for one in plan.owed:
        known = "NOT PLANNED" if one.neglected else "known"
        style = Style.BAD if one.neglected else Style.WARN
        who = f"{one.store}: {one.alias} {place(one.mark)}"
        yield Line(f"{known}  {who}: {plain(one.message)}", style)
        if one.neglected:
            yield Line(f"  lifted by: {one.lifted_by}", Style.DIM)
    if plan.owed:
        yield Line()


def _settings(plan: SavedPlan) -> Iterator[Line]:
    """What the files at hand would change of the rules, and what lifts them already."""
    found = settings.changed(plan.settings)
    if found:
        yield Line(settings.under(plan), Style.BAD)
    for one in found:
        yield _remark(one)
    lifts = settings.lifted(plan.lifts)
    if lifts:
        yield Line("limits that are lifted or not the default", Style.TITLE)
    for one in lifts:
        yield _remark(one)
    if found or lifts:
        yield Line()


def _remark(one: settings.Remark) -> Line:
    after = f"  {plain(place(one.mark))}" if one.mark else ""
    return Line(f"  {plain(one.text)}{after}", Style.WARN)


def _store(
    store: SavedStore, found: Sequence[Item], verdicts: Sequence[SavedVerdict], *, every: bool
) -> Iterator[Line]:
    title = f"{store.name} ({store.platform} {store.api_version})"
    yield Line(f"{title}: {phrases.receipt(store)}", Style.TITLE)
    if store.error:
        yield Line("  NOT PLANNED: it was not read", Style.BAD)
        yield from _verdicts((one for one in verdicts if not one.owed), every=every)
        yield Line()
        return
    for note in store.notes:
        yield Line(f"  {note}", Style.WARN)
    if left := phrases.departures(store):
        yield Line(f"  {plain(left)}", Style.WARN)
    yield from _verdicts((one for one in verdicts if not one.owed), every=every)
    for risk, title in phrases.RISKS.items():
        own = [one for one in found if one.risk is risk]
        if own:
            yield Line(f"  {title} ({len(own)})", Style.TITLE)
            yield from _items(own, _COLOURS.get(risk, Style.PLAIN), every=every)
    if not found and any(one.level is Level.HOLD or one.released for one in verdicts):
        yield Line("  no changes beside what is held or left out", Style.WARN)
    elif not found and store.complete:
        yield Line("  no changes", Style.GOOD)
    yield Line(f"  audience: {', '.join(phrases.audience(store))}", Style.DIM)
    if alone := phrases.left_alone(store):
        yield Line(f"  {alone}", Style.DIM)
    if every and found:
        yield from _footprints(store.footprints)
    yield Line()


def _footprints(footprints: Iterable[Footprint]) -> Iterator[Line]:
    yield Line("  what the calls could change without being asked", Style.DIM)
    for one in footprints:
        yield Line(f"    {one.call}: {', '.join(one.touches)} — {one.guard}", Style.DIM)


def _verdicts(verdicts: Iterable[SavedVerdict], *, every: bool) -> Iterator[Line]:
    for key, group in phrases.folded(verdicts).items():
        style = _LEVELS.get(key.state, Style.DIM)
        yield Line(f"  {key.state.upper():<9}{key.rule}: {plain(key.message)}", style)
        who = [f"{one.alias} {place(one.mark)}" for one in group if one.alias]
        shown = who if every else who[:NAMED_AT_MOST]
        more = f" and {len(who) - len(shown)} more" if len(who) > len(shown) else ""
        if who:
            yield Line(f"           {'; '.join(shown)}{more}", Style.DIM)
        if key.lift:
            yield Line(f"           lifted by: {key.lift}", Style.DIM)


def _items(found: Sequence[Item], style: Style, *, every: bool) -> Iterator[Line]:
    groups: dict[tuple[str, str, str], list[Item]] = {}
    for one in found:
        key = (one.sign, one.what if not every else f"{one.what}\0{one.customer}", one.cause)
        groups.setdefault(key, []).append(one)
    for (sign, _, cause), group in groups.items():
        what = f"{plain(group[0].what)}{f'  [{cause}]' if cause else ''}"
        if len(group) == 1:
            one = group[0]
            yield Line(f"    {sign} {one.customer}  {what}  {place(one.mark)}", style)
            continue
        names = ", ".join(one.customer for one in group[:NAMED_AT_MOST])
        more = f", … (-v names all {len(group)})" if len(group) > NAMED_AT_MOST else ""
        where = f"{place(group[0].mark)} and {len(group) - 1} more"
        yield Line(f"    {sign} {what}  {len(group)} customers: {names}{more}  {where}", style)


def _last(plan: SavedPlan) -> Iterator[Line]:
    summary, told = plan.summary, plan.provenance
    made = f"Plan {plan.id}, {settings.source(plan)}, {phrases.made_from(told)}."
    yield Line(made, Style.WARN if told.differs else Style.DIM)
    unread = [bool(store.error) for store in plan.stores]
    if unread and all(unread):
        yield Line("No store could be read, so nothing is planned.", Style.BAD)
    elif any(unread):
        yield Line("Some stores could not be read; the plan covers the others.", Style.BAD)
    if not summary.complete and not any(unread):
        yield Line("Not every store was read whole.", Style.BAD)
    if owed := sum(one.neglected for one in plan.owed):
        yield Line(phrases.not_planned(owed), Style.BAD)
    if part := phrases.scope(plan):
        yield Line(f"This is {plain(part)}.", Style.WARN)
    if waits := phrases.waiting(plan):
        yield Line(f"{waits}.", Style.WARN)
    if plan.empty:
        yield _nothing(plan)
        return
    yield Line(f"Plan: {phrases.totals(plan)}.", Style.TITLE)
    if why := phrases.causes(plan):
        yield Line(f"Causes, by customers: {why}.")
    if takes := phrases.sentence(phrases.duration([store.effort for store in plan.stores])):
        yield Line(f"{takes}.", Style.DIM)
    if sent := phrases.messages(plan):
        yield Line(sent, Style.WARN)
    if summary.blocked:
        withdraws = summary.count(RiskClass.WITHDRAW)
        rest = "only `apply --only withdraw`" if withdraws else "nothing of it"
        yield Line(f"The plan is BLOCKED: {rest} would be carried out.", Style.BAD)


def _nothing(plan: SavedPlan) -> Line:
    held = f", {plan.summary.held} held" if plan.summary.held else ""
    left = f"{counted(plan.summary.unchanged, 'customer')} unchanged{held}"
    standing = phrases.standing(plan)
    if not standing.startswith(phrases.NO_CHANGES):
        return Line(f"Nothing to carry out. {left}.", Style.WARN)
    good = standing == phrases.NO_CHANGES
    return Line(f"No changes. {left}.", Style.GOOD if good else Style.WARN)
