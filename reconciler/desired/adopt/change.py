"""One field of one entry to the edits of its file that make it say something else."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from reconciler.desired.adopt.edit import (
    Edit,
    OddError,
    bracketed,
    listed,
    put,
    reworded,
    with_pair,
    without_pairs,
)
from reconciler.desired.adopt.statement import Statement
from reconciler.desired.adopt.tree import Found, Node, find
from reconciler.desired.adopt.value import EVIDENCE, TIMES, Value, flow, plain, time_of
from reconciler.desired.layout.scalar import written
from reconciler.diagnostics import Diagnostic, SourceMark
from reconciler.model.consent import Channel, WantedConsent
from reconciler.model.marks import marked, number
from reconciler.model.tags import TagIntent, tag_key

_ENTRY: Final = 2
"""How many parts of a pointer lead to an entry of a list right below the document."""


class Refused(Exception):
    """A field is left as it is written, and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.rule)
        self.diagnostic = diagnostic


def changed(
    one: Statement, value: Value, root: Node, text: str, shared: Collection[str]
) -> list[Edit]:
    """What makes a statement say `value`; `shared` are anchors that have aliases. Raises
    `Refused`.
    """
    found = find(root, one.entry if one.inserts else one.pointer)
    _refuse_shared(one, found, text, shared)
    try:
        if one.inserts:
            if isinstance(value, WantedConsent):
                raise OddError(found.node.start)
            pair = _pair(found.node, str(one.pointer[-1]), plain(value))
            return [with_pair(found.node, text, pair)]
        if found.node.alias is not None and found.rest:
            return [_written_out(one, found, value)]
        if isinstance(value, WantedConsent):
            return list(_consent(found, value, text))
        if isinstance(value, TagIntent):
            return list(_tags(one, found, value, text))
        return [bracketed(found.node, text, _fitting(found, plain(value)))]
    except OddError as odd:
        raise Refused(unclear(one, _mark(one, text, odd.at))) from None


def unclear(one: Statement, mark: SourceMark | None = None) -> Diagnostic:
    return Diagnostic(
        rule="adopt.unclear",
        message="this is written so that it cannot be changed alone, with its comments kept",
        mark=mark or one.mark,
        hint="change it by hand",
    )


def _mark(one: Statement, text: str, at: int) -> SourceMark:
    before = text.rfind("\n", 0, at) + 1
    return marked(one.document.file, number(text.count("\n", 0, at), at - before))


def _refuse_shared(one: Statement, found: Found, text: str, shared: Collection[str]) -> None:
    """What stands under an anchor is said of others too; so is what is in a list that is one."""
    inside = () if one.inserts else found.node.every()
    for node in (*found.way, *inside):
        if node.anchor is not None and node.anchor in shared:
            raise Refused(
                Diagnostic(
                    rule="adopt.anchor",
                    message="an anchor stands here, and its aliases would say the same",
                    mark=_mark(one, text, node.start),
                    hint="write the content out where the aliases stand, and adopt again",
                )
            )
    if found.rest and (found.node.alias is None or found.depth <= _ENTRY) and not _is_short(found):
        raise Refused(unclear(one, _mark(one, text, found.node.start)))


def _is_short(found: Found) -> bool:
    """`consent: unsubscribed` stands for both channels."""
    return found.node.is_scalar and len(found.rest) == 1


def _written_out(one: Statement, found: Found, value: Value) -> Edit:
    """An alias in the way gives place to what it stands for, with the change in it."""
    data = _with(one.document.at(one.pointer[: found.depth]), found.rest, value)
    return Edit(found.node.start, found.node.end, flow(data, quoted=found.is_json))


def _with(data: Any, way: tuple[str | int, ...], value: Value) -> Any:
    if not way:
        return plain(value)
    if isinstance(data, str):  # both channels are out
        data = dict.fromkeys(map(str, Channel), data)
    return {**data, way[0]: _with(data.get(way[0]), way[1:], value)}


def _pair(mapping: Node, key: str, data: Any) -> str:
    return f"{flow(key, quoted=mapping.is_json)}: {flow(data, quoted=mapping.is_json)}"


def _fitting(found: Found, data: Any) -> str:
    """A text in the quotes that the one before had, if it can be."""
    if isinstance(data, (dict, list)) or found.around.is_json:
        return flow(data, quoted=found.is_json)
    told, quotes = written(data, flow=found.around.flow), found.node.style
    plainly = isinstance(data, str) and told == data and "\\" not in told
    if plainly and quotes in ("'", '"') and quotes not in told:
        return f"{quotes}{told}{quotes}"
    return told


def _consent(found: Found, wanted: WantedConsent, text: str) -> Iterator[Edit]:
    """The state says the other, its time is that of the store, and other evidence goes."""
    node = found.node
    if found.rest:
        both = dict.fromkeys(map(str, Channel), node.value)
        yield put(node, text, flow(_with(both, found.rest, wanted), quoted=found.is_json))
        return
    time = time_of(wanted)
    if not node.is_mapping:
        if time is None and node.is_scalar:
            yield reworded(node, wanted.state.value)
        else:
            yield put(node, text, flow(plain(wanted), quoted=found.is_json))
        return
    state = node.get("state")
    if state is None:
        raise OddError(node.start)
    yield reworded(state, wanted.state.value)
    goes = {*EVIDENCE, *TIMES}
    others = [pair for pair in node.pairs() if pair[0].value in goes]
    others.sort(key=lambda pair: pair[0].value not in TIMES)
    if time is not None and not others:
        names = [key.value for key, _ in node.pairs()]
        yield with_pair(node, text, _pair(node, *time), names.index("state"))
    elif time is not None:
        key, told = others[0]
        goes.remove(key.value)
        yield reworded(key, time[0])
        yield reworded(told, time[1]) if told.style in ("", "'", '"') else put(told, text, time[1])
    yield from without_pairs(node, text, goes)


def _tags(one: Statement, found: Found, wanted: TagIntent, text: str) -> Iterator[Edit]:
    node, had = found.node, one.document.at(one.pointer)
    if node.alias is not None:
        yield put(node, text, flow(plain(wanted), quoted=found.is_json))
    elif node.is_list:
        yield from _tag_list(node, had, wanted.present, text)
    else:
        for name, tags in (("add", wanted.present), ("remove", wanted.absent)):
            inner = node.get(name)
            if inner is not None:
                yield from _tag_list(inner, had[name], tags, text)


def _tag_list(node: Node, had: list[str], wanted: tuple[str, ...], text: str) -> Iterator[Edit]:
    keys, known = {tag_key(one) for one in wanted}, {tag_key(one) for one in had}
    goes = [tag_key(one) not in keys for one in had]
    comes = [one for one in wanted if tag_key(one) not in known]
    if not comes and not any(goes):
        return
    quoted = bool(node.items) and all(one.style == '"' for one in node.items)
    if node.alias is not None:
        stays = [one for one, gone in zip(had, goes, strict=True) if not gone]
        yield put(node, text, flow([*stays, *comes]))
        return
    told = [flow(one, quoted=quoted) for one in comes]
    yield from listed(node, text, goes, told)
