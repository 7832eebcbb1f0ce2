"""From documents to the desired state: sections joined, defaults filled in, identities normalised.

Entries of several files that name one customer become one `DesiredCustomer`; where they contradict
each other both places are named. Each customer is made once, looked at, and dropped.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from reconciler.desired.customers import StoreEntries
from reconciler.desired.document import Document
from reconciler.desired.entries import DiagnosticCollector
from reconciler.desired.join import Digest, Inspect, Joined, join
from reconciler.desired.past import AtHand
from reconciler.desired.rows import Memory
from reconciler.desired.tag_documents import inspect, named
from reconciler.diagnostics import Diagnostic, Pointer
from reconciler.model.settings import DesiredState, Settings, StoreSettings
from reconciler.model.tags import sort_tags


class Resolved(NamedTuple):
    """The desired state and every complaint found on the way; with errors it must not be used.

    `at_hand` are the same customers, by store, with the entries that they are made of.
    """

    state: DesiredState
    complaints: tuple[Diagnostic, ...]
    at_hand: Mapping[str, AtHand]


def resolve(
    documents: Iterable[Document],
    declared: Settings,
    folder: str,
    inspector: Callable[[StoreSettings], Inspect],
    digest: Digest,
    now: datetime,
    memory: Callable[[StoreSettings], Memory | None] = lambda store: None,  # noqa: ARG005
) -> Resolved:
    """`inspector` gives, for a store, what looks at each of its customers; `digest` is asked of
    each of them too. `now` says whose membership of a tag has ended. `memory` is what is known of
    the entries of a store that no tag document speaks of.
    """
    work = DiagnosticCollector()
    stores = {store.name: store for store in declared.stores}
    speaking: dict[str, list[Document]] = {name: [] for name in stores}
    documents = tuple(documents)
    for document in documents:
        for store in _stores_of(document, stores, work):
            speaking[store.name].append(document)
            _refuse_marks(document, store, work)
    every = [StoreEntries(stores[name], told, now) for name, told in sorted(speaking.items())]
    for one in every:
        inspect(one.documents, one.tags, work)
    found = [
        join(one, inspector(one.store), digest, work, None if one.tags else memory(one.store))
        for one in every
    ]
    state = DesiredState(
        stores=declared.stores,
        policy=declared.policy,
        customers=tuple((one.store, one.customers) for one in found),
        meanings=tuple((one.store, b"".join(one.meanings)) for one in found),
        reasoned=frozenset(one.store for one in found if one.reasoned),
        owned=tuple(
            (one.store, _owned(stores[one.store], one, speaking[one.store])) for one in found
        ),
        whole_tags=tuple((one.store.name, one.tags.every) for one in every),
        approvals=declared.approvals,
        files=len(documents),
        folder=folder,
        at_hand=declared,
    )
    at_hand = {one.store: AtHand(entries=one.customers, made=one.made) for one in found}
    return Resolved(state, tuple(work.diagnostics), at_hand)


def about(store: StoreSettings, documents: Iterable[Document], stores: int) -> Iterator[Document]:
    """Those of another revision that speak of one of so many stores."""
    heard = DiagnosticCollector()
    alone = {store.name: store}
    for document in documents:
        data = document.data or {}
        if "store" in data or stores == 1:
            named = _stores_of(document, alone, heard)
            yield from (document for _ in named)


def _stores_of(
    document: Document, stores: Mapping[str, StoreSettings], work: DiagnosticCollector
) -> list[StoreSettings]:
    data = document.data or {}
    speaks = [section for section in ("customers", "tags", "consents") if data.get(section)]
    if not speaks:
        return []
    if "store" not in data:
        if len(stores) == 1:
            return list(stores.values())
        work.complain(
            "store.missing",
            "this file does not say which store it is about"
            if stores
            else "no store is defined in any spec file",
            document.key_mark((speaks[0],)),
            f"add `store: NAME`; defined are {', '.join(sorted(stores))}"
            if stores
            else "add a section `stores` to a file below the specs folder",
        )
        return []
    named = data["store"] if isinstance(data["store"], list) else [data["store"]]
    for name in named:
        if name not in stores:
            work.complain(
                "store.unknown",
                "no store of this name is defined",
                document.mark(("store",)),
                f"defined are {', '.join(sorted(stores))}"
                if stores
                else "check the folder, so that the file with `stores` is read too",
            )
    if len(named) > 1 and not document.known:
        _refuse_ids(document, work)
    return [stores[name] for name in named if name in stores]


def _refuse_ids(document: Document, work: DiagnosticCollector) -> None:
    data = document.data
    places: list[Pointer] = [("customers", at) for at in range(len(data.get("customers") or ()))]
    places += [("consents", at, "customer") for at, _ in enumerate(data.get("consents") or ())]
    for index, tag in enumerate(data.get("tags") or ()):
        members = (tag or {}).get("members") or ()
        places += [("tags", index, "members", number) for number, _ in enumerate(members)]
    for pointer in places:
        item = document.at(pointer)
        if item is not None and "id" in item:
            work.complain(
                "identity.id-in-many-stores",
                "an `id` belongs to one store, and this file speaks of several",
                document.mark((*pointer, "id")),
                "name the customer by e-mail or phone, or give the store its own file",
            )


def _refuse_marks(document: Document, store: StoreSettings, work: DiagnosticCollector) -> None:
    """Of tags that are named once for many customers."""
    for index, tag in enumerate(document.data.get("tags") or ()):
        if tag is not None:
            work.refuse_marks(named(tag), store.ownership, document, ("tags", index))
    usual = (document.data.get("defaults") or {}).get("tags") or []
    lists = [usual] if isinstance(usual, list) else usual.values()
    usually = (tag for each in lists for tag in each)
    work.refuse_marks(usually, store.ownership, document, ("defaults", "tags"))


def _owned(store: StoreSettings, found: Joined, documents: Iterable[Document]) -> tuple[str, ...]:
    """The declared patterns, or every tag that the specs of the store name."""
    if store.owned_tags is not None:
        return store.owned_tags
    entries = (tag for document in documents for tag in document.data.get("tags") or () if tag)
    spoken_of = {name for tag in entries for name in named(tag)}
    # A star in a tag that is named is a star, and no pattern.
    return tuple(tag.replace("*", "\\*") for tag in sort_tags(spoken_of | found.tags))
