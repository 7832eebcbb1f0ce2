"""What entries of `tags` say of a tag as a whole: exact, retired, or one of a group.

All entries that name one tag are one document, whatever files they stand in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from reconciler.desired.document import Document
from reconciler.desired.entries import DiagnosticCollector, Entry
from reconciler.diagnostics import Pointer, SourceMark
from reconciler.model.managed import UNMANAGED, Managed
from reconciler.model.settings import StoreSettings
from reconciler.model.tags import Owned, TagIntent, TagSet, tag_key
from reconciler.model.whole_tag import WholeTag

_RULE: Final = "tags.document"
_OF_ONE_TAG: Final = ("members", "exact", "renamed_from", "state")


@dataclass(frozen=True, slots=True)
class Group:
    """Tags of which nobody bears two: each as it is written, by its key; `sets` has those of them
    that we may take off.
    """

    tags: Mapping[str, str]
    mark: SourceMark
    sets: tuple[TagSet, ...]


@dataclass(frozen=True)
class TagDocuments:
    """Of one store; false where no tag is spoken of as a whole. `owned` are the tags that we may
    touch, None where those are all that the specs name.
    """

    whole: Mapping[str, WholeTag]
    groups: tuple[Group, ...]
    owned: Owned | None

    @classmethod
    def of(cls, documents: Iterable[Document], store: StoreSettings) -> "TagDocuments":
        whole: dict[str, WholeTag] = {}
        groups: list[Group] = []
        owned = None if store.owned_tags is None else Owned(store.owned_tags, apart=store.ownership)
        for document, pointer, item in _entries(documents):
            retired = item.get("state") == "absent"
            if "name" in item and (retired or item.get("exact")):
                mark = document.mark((*pointer, "name"))
                tag = WholeTag(name=item["name"], mark=mark, retired=retired)
                whole.setdefault(tag.key, tag)
            if "one_of" in item:
                tags = {tag_key(tag): tag for tag in item["one_of"]}
                ours = TagSet.of(tag for tag in tags.values() if owned is None or tag in owned)
                groups.append(Group(tags, document.mark((*pointer, "one_of")), ours))
        return cls(whole=whole, groups=tuple(groups), owned=owned)

    def __bool__(self) -> bool:
        return bool(self.whole or self.groups)

    @property
    def asked(self) -> tuple[set[tuple[str, bool]], set[frozenset[str]]]:
        """What they ask of everybody who is a member of none."""
        whole = {(one.key, one.retired) for one in self.whole.values()}
        return whole, {frozenset(one.tags) for one in self.groups}

    def owns(self, tag: str) -> bool:
        return self.owned is None or tag in self.owned

    @cached_property
    def every(self) -> tuple[WholeTag, ...]:
        """The whole tags that we may take off, in the order of their keys."""
        return tuple(one for _, one in sorted(self.whole.items()) if self.owns(one.name))

    @cached_property
    def members_only(self) -> tuple[TagSet, ...]:
        """Those that nobody bears but whom a document gives them."""
        return TagSet.of(one.name for one in self.every)

    @cached_property
    def sets(self) -> tuple[TagSet, ...]:
        """All that a customer may be bound by, whatever order the documents have: by their keys."""
        every = {*self.members_only, *(one for group in self.groups for one in group.sets)}
        return tuple(sorted(every, key=lambda one: tuple(map(tag_key, one.names))))

    def binding(self, groups: Iterable[Group]) -> tuple[TagSet, ...]:
        """The sets that bind whoever bears a tag of each of these groups."""
        found = {*self.members_only, *(one for each in groups for one in each.sets)}
        return tuple(sorted(found, key=self._ranks.__getitem__))

    @cached_property
    def _ranks(self) -> Mapping[TagSet, int]:
        return {one: rank for rank, one in enumerate(self.sets)}

    def groups_of(self, keys: Iterable[str]) -> list[Group]:
        """Those that have any of these tags, in their order."""
        found = {place for key in keys for place in self._by_tag.get(key, ())}
        return [self.groups[place] for place in sorted(found)]

    @cached_property
    def _by_tag(self) -> Mapping[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, group in enumerate(self.groups):
            for key in group.tags:
                places.setdefault(key, []).append(place)
        return places


def named(item: Mapping[str, Any]) -> Iterator[str]:
    """Every tag that an entry of `tags` names."""
    yield from (item[name] for name in ("name", "renamed_from") if name in item)
    yield from item.get("one_of") or ()


def _entries(
    documents: Iterable[Document],
) -> Iterator[tuple[Document, Pointer, Mapping[str, Any]]]:
    for document in documents:
        for index, item in enumerate(document.data.get("tags") or ()):
            if item is not None:
                yield document, ("tags", index), item


def inspect(documents: Iterable[Document], found: TagDocuments, work: DiagnosticCollector) -> None:
    """Complains of entries that make no sense alone, or together."""
    states: dict[str, tuple[bool, SourceMark]] = {}
    for document, pointer, item in _entries(documents):
        for key, message, hint in _faults(item):
            work.complain(_RULE, message, document.mark((*pointer, key)), hint)
        if "name" not in item:
            continue
        retired, mark = item.get("state") == "absent", document.mark((*pointer, "name"))
        before, first = states.setdefault(tag_key(item["name"]), (retired, mark))
        if before is not retired:
            message = f"this tag is retired {'here' if retired else f'in {first}'}, and in use "
            message += f"in {first}" if retired else "here"
            work.complain(_RULE, message, mark, "keep one of the two", also=first)
        if (retired or item.get("exact")) and not found.owns(item["name"]):
            work.complain(
                "tags.not-owned",
                "this tag may not be touched, because `tags.owned` of the store does not name it",
                mark,
                "add a name or a pattern to `tags.owned`",
            )


def _faults(item: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Key, message and hint of what a single entry says."""
    group = [tag_key(tag) for tag in item.get("one_of") or ()]
    if len(set(group)) < len(group):
        yield "one_of", "a tag stands twice in this group", "name each once"
    if "name" not in item:
        for key in _OF_ONE_TAG:
            if key in item:
                yield key, f"`{key}` is about one tag, and this entry names none", "add its `name`"
        return
    name = tag_key(item["name"])
    if group and name not in group:
        yield "one_of", "the tag itself is not one of its group", "add it, or give the group apart"
    if tag_key(item.get("renamed_from", "")) == name:
        yield "renamed_from", "this is the tag's own name", "write the name that it had before"
    if item.get("state") == "absent":
        for key in ("members", "renamed_from"):
            if item.get(key):
                yield key, f"a tag that is retired has no `{key}`", "keep one of the two"
    elif item.get("exact") and not item.get("members"):
        hint = "list them; a tag that nobody is to bear has `state: absent`"
        yield "exact", "a tag that is exact needs its members here", hint


def with_documents(
    intent: Managed[TagIntent],
    group: Sequence[Entry],
    documents: TagDocuments,
    work: DiagnosticCollector,
) -> Managed[TagIntent]:
    """What all entries of one customer want of tags, and what follows for them from documents."""
    if not documents:
        return intent
    wanted = () if intent is UNMANAGED else intent.present
    keys = {tag_key(tag) for tag in wanted}
    given = _Given(group)
    _refuse_no_member(keys, group, documents, given, work)
    groups = documents.groups_of(keys)
    _refuse_two_of_a_group(keys, groups, given, work)
    sets = documents.binding(groups)
    if not sets:
        return intent
    return replace(TagIntent() if intent is UNMANAGED else intent, sets=sets)


def _refuse_no_member(
    keys: set[str],
    group: Sequence[Entry],
    documents: TagDocuments,
    given: "_Given",
    work: DiagnosticCollector,
) -> None:
    """Where a whole tag is given to a customer who is no member."""
    whole = {key for one in documents.members_only for key in keys & one.keys}
    if not whole:
        return
    members = {
        tag_key(tag)
        for entry in group
        if entry.section == "tags" and entry.tags is not None
        for tag in entry.tags.present
    }
    # Of a retired one that has members the document itself is complained of.
    for one in (documents.whole[key] for key in sorted(whole - members)):
        what = "is retired" if one.retired else "is exact"
        work.complain(
            "tags.no-member",
            f"a tag that is given here {what} in {one.mark}, and this customer is no member",
            given.place(one.key),
            "make the customer a member there, or take the tag out here",
            also=one.mark,
        )


def _refuse_two_of_a_group(
    keys: set[str], groups: Iterable[Group], given: "_Given", work: DiagnosticCollector
) -> None:
    for each in groups:
        if len(keys & each.tags.keys()) > 1:
            chosen = [key for key in each.tags if key in keys]
            first, second = sorted(given.place(key) for key in chosen[:2])
            work.complain(
                "tags.one-of",
                f"this customer would bear two tags of the group in {each.mark}"
                + (f", one of them by {first}" if first != second else ""),
                second,
                "keep one of them",
                also=first if first != second else each.mark,
            )


class _Given:
    """Where the entries of one customer give a tag; they are looked through once, if at all."""

    def __init__(self, group: Sequence[Entry]) -> None:
        self._group = group

    def place(self, key: str) -> SourceMark:
        """Of several entries, that of the one that says so itself."""
        return self._places[key]

    @cached_property
    def _places(self) -> dict[str, SourceMark]:
        places: dict[str, SourceMark] = {}
        for entry in sorted(self._group, key=lambda entry: entry.default_tags):
            if entry.tags is not None and entry.tags.present:
                place = entry.place_of("tags")
                for tag in entry.tags.present:
                    places.setdefault(tag_key(tag), place)
        return places
