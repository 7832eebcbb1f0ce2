"""Metafields of SHOPLINE's customers, which have endpoints of their own; no record tells them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from reconciler.errors import CustomerNotFound, PlatformError, Rejected, StoreStopped
from reconciler.model.customer import LiveCustomer
from reconciler.model.metafields import NONE, Metafield, Metafields, metafields
from reconciler.model.personal import Personal, personal
from reconciler.platforms.coerce import Unreadable, as_id, as_mapping, as_records
from reconciler.platforms.http import Session
from reconciler.platforms.link_header import next_token
from reconciler.platforms.reason import ODD, reason

FIELD: Final = "metafields"
_LIMIT: Final = 250
# The smallest usual page: as many without a word of more may be all, or the first of several.
_DOUBTFUL: Final = 50
_MOST_PAGES: Final = 20
# In a row: then the store does not answer, whomever it is asked about.
_MOST_FAILED: Final = 3


class CustomerMetafields:
    """The endpoints of one store."""

    def __init__(self, session: Session, root: str) -> None:
        self._session = session
        self._root = root

    def completed(self, customers: Sequence[LiveCustomer]) -> tuple[tuple[LiveCustomer, ...], bool]:
        """One after the other: no call tells those of several. Of whom they are not surely told
        whole they are unreadable; once the store would tell of nobody it is not asked again.
        """
        found: list[LiveCustomer] = []
        failed, why = 0, ""
        for live in customers:
            if failed == _MOST_FAILED:
                found.append(_unread(live, why))
                continue
            try:
                told = metafields(self._every(live.remote_id))
            except Unreadable as error:
                found.append(_unread(live, f"{ODD} ({error})"))
            except ValueError:  # what it says may be anybody's text
                found.append(_unread(live, ODD))
            except CustomerNotFound as error:
                found.append(_unread(live, reason(error)))
            except PlatformError as error:
                failed = _MOST_FAILED if isinstance(error, StoreStopped) else failed + 1
                why = reason(error)
                found.append(_unread(live, why))
            else:
                failed = 0
                found.append(_read_of(live, told))
        return tuple(found), not any(FIELD in one.unreadable for one in found)

    def _every(self, remote_id: str) -> Iterator[Metafield]:
        """Raises `Unreadable` where the list may go on unseen: what is absent is unknown then."""
        path = f"{self._root}/customers/{remote_id}/metafields.json"
        params = [("limit", str(_LIMIT))]
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            answer = self._session.get(path, params, "reading metafields")
            rows = as_records(as_mapping(answer.body, "the answer").get(FIELD), FIELD)
            found = [read(row) for row in rows]
            ids = {str(one.remote_id) for one in found}
            if ids & seen or len(ids) < len(found):
                raise Unreadable("metafields repeat")
            yield from found
            seen |= ids
            token = next_token(answer.link, "page_info")
            if token is not None:
                params = [("limit", str(_LIMIT)), ("page_info", token)]
            elif answer.link is None and len(rows) >= _DOUBTFUL:
                # Where this is not heeded the same ones come again, and nobody knows.
                params = [("limit", str(_LIMIT)), ("since_id", max(ids, key=_by_number))]
            else:
                return
        raise Unreadable("the list of metafields does not end")

    def writes(self, ground: LiveCustomer, wanted: Metafields) -> Iterator[Callable[[], None]]:
        """What is wanted otherwise, each in a call of its own; others' are not touched."""
        held = ground.metafields or NONE
        for one in wanted.every:
            known = held.of(one.name)
            if known is None and one.value is None:
                continue
            if known is None or not one.means(known):
                yield partial(self._change, ground.remote_id, one, known)

    def _change(self, remote_id: str, one: Metafield, known: Metafield | None) -> None:
        root = f"{self._root}/customers/{remote_id}/metafields"
        doing = "changing a metafield"
        try:
            if known is None:
                self._session.write("POST", f"{root}.json", {"metafield": made(one)}, doing)
            elif one.value is None:
                self._session.write("DELETE", f"{root}/{known.remote_id}.json", None, doing)
            else:
                path = f"{root}/{known.remote_id}.json"
                self._session.write("PUT", path, {"metafield": changed(one, known)}, doing)
        except CustomerNotFound as error:
            raise Rejected(
                "the store knows no such metafield, or takes none",
                store=self._session.store,
                doing=doing,
                status=error.status,
            ) from None


def _read_of(live: LiveCustomer, told: Metafields) -> LiveCustomer:
    return replace(
        live,
        metafields=told,
        unasked=live.unasked - {FIELD},
        unreadable=live.unreadable - {FIELD},
    )


def _unread(live: LiveCustomer, why: str) -> LiveCustomer:
    return replace(
        live,
        metafields=None,
        unasked=live.unasked - {FIELD},
        unreadable=live.unreadable | {FIELD},
        reasons=(*live.reasons, (FIELD, why)),
    )


def _by_number(remote_id: str) -> tuple[int, str]:
    return len(remote_id), remote_id


def made(one: Metafield) -> dict[str, Any]:
    """A metafield as its create has it."""
    return {"namespace": one.namespace, "key": one.key, "type": one.type, "value": _clear(one)}


def changed(one: Metafield, known: Metafield) -> dict[str, Any]:
    """As its update has it, which asks for the id and does not know the name."""
    number = known.remote_id or ""
    told = {
        "id": int(number) if number.isdecimal() else number,
        "type": one.type,
        "value": _clear(one),
    }
    described = known.description
    return told if described is None else {**told, "description": described.reveal()}


def _clear(one: Metafield) -> str | None:
    return None if one.value is None else one.value.reveal()


def read(row: Mapping[str, Any]) -> Metafield:
    """Values are documented as text, whatever their type; raises `Unreadable` for what is none."""
    texts = [row.get(name) for name in ("namespace", "key", "type", "value")]
    if not all(isinstance(one, str) for one in texts):
        raise Unreadable("a metafield is none")
    namespace, key, kind, value = map(str, texts)
    return Metafield(
        namespace=namespace,
        key=key,
        type=kind,
        value=Personal(value),
        remote_id=as_id(row.get("id")),
        description=personal(row.get("description")),
    )
