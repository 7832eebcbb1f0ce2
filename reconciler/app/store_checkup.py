"""What `doctor` sees of one store: its settings offline, then at most three requests that read."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.answer_headers import AnswerHeaders
from reconciler.app.environment import Environment, open_store
from reconciler.app.first_page import page_findings
from reconciler.app.folder_checkup import failed
from reconciler.errors import ConfigError, PlatformError, StoreStopped, Unavailable
from reconciler.model.finding import Finding, Level, Purpose, StoreCheckup
from reconciler.model.settings import StoreSettings, TokenKind
from reconciler.platforms.registry import PLATFORMS
from reconciler.platforms.rights import UNTOLD, Rights
from reconciler.report.plain import counted, plain

if TYPE_CHECKING:
    from reconciler.platforms.connect import Connection


def store_checkup(store: StoreSettings, environment: Environment, purpose: Purpose) -> StoreCheckup:
    """Never raises what a store or a setting is to blame for: that is a finding."""
    heard = AnswerHeaders(store.platform, environment.clock.now)
    found = [_version(store)]
    requests = 0
    try:
        connection = open_store(store, environment, heard=heard.hear)
    except ConfigError as error:
        found.append(failed("token and address", error))
    else:
        try:
            found += (_token(store), *_token_file(store))
            found += _asked(store, connection, environment, purpose)
            if connection.session.requests:
                found += heard.findings()
        finally:
            connection.session.close()
        requests = connection.session.requests
    return StoreCheckup(
        name=store.name, platform=store.platform, findings=tuple(found), requests=requests
    )


def unmerged(name: str, platform: str) -> StoreCheckup:
    """A store that the base does not have, which nobody may contact yet."""
    told = Finding(
        check="reachable",
        level=Level.UNTOLD,
        message="it is not at the base, so it is not contacted before it is merged",
    )
    return StoreCheckup(name=name, platform=platform, findings=(told,))


def _version(store: StoreSettings) -> Finding:
    table = PLATFORMS[store.platform].capabilities
    told = f"{table.title} {plain(store.api_version)}"
    if store.api_version in table.versions:
        return Finding(check="API version", level=Level.OK, message=told)
    return Finding(
        check="API version",
        level=Level.WARN,
        message=f"{told} is none that this program was written for",
        advice=f"leave `api_version` out, which means {table.default_version}",
    )


def _token(store: StoreSettings) -> Finding:
    where = plain(store.token.where[0])
    told = {
        TokenKind.ENV: f"in the variable {where}",
        TokenKind.FILE: f"in the file {where}",
        TokenKind.COMMAND: "printed by its command",
    }
    return Finding(check="token", level=Level.OK, message=told[store.token.kind])


def _token_file(store: StoreSettings) -> Iterator[Finding]:
    if store.token.kind is not TokenKind.FILE:
        return
    path = Path(store.token.where[0]).expanduser()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding(
            check="token",
            level=Level.WARN,
            message="others may read its file",
            advice=f"chmod 600 {plain(str(path))}",
        )


def _asked(
    store: StoreSettings, connection: "Connection", environment: Environment, purpose: Purpose
) -> Iterator[Finding]:
    rights = UNTOLD
    try:
        rights = PLATFORMS[store.platform].rights(connection.session, store)
    except (StoreStopped, Unavailable) as error:
        # What is refused or fails with an answer may be about the scopes alone.
        if error.status == 401 or not error.status:
            yield failed("reachable", error)
            return
    except Exception:  # noqa: S110 -- a stranger's platform may raise anything; the list will tell
        pass
    client = connection.client
    try:
        count = client.count() if client.capabilities.counts else None
        page = next(iter(client.scan()), None)
    except PlatformError as error:
        yield failed("reachable", error)
        yield from _scopes(store, rights, purpose)
        return
    size = (
        "it does not say how many customers it has" if count is None else counted(count, "customer")
    )
    yield Finding(check="reachable", level=Level.OK, message=f"it shows its customers; {size}")
    yield from _scopes(store, rights, purpose)
    customers = page.customers if page is not None else ()
    yield from page_findings(customers, store, environment.clock.now())


def _scopes(store: StoreSettings, rights: Rights, purpose: Purpose) -> Iterator[Finding]:
    scopes = PLATFORMS[store.platform].scopes
    read = f" ({scopes.read})" if scopes is not None else ""
    write = f" ({scopes.write})" if scopes is not None else ""
    if rights.writes is None:
        yield Finding(
            check="scopes",
            level=Level.UNTOLD,
            message="whether the token may write cannot be told by reading",
            advice=f"for `plan` give one that only reads{read}, for `apply` one that writes{write}",
        )
    elif rights.writes:
        plans = purpose is not Purpose.APPLY
        yield Finding(
            check="scopes",
            level=Level.WARN if plans else Level.OK,
            message=f"the token may write{write}",
            advice=f"for `plan` give one that only reads{read}, under the same name" * plans,
        )
    else:
        yield _only_reads(rights, read, write, purpose)
    if rights.searches is False:
        yield Finding(
            check="reading",
            level=Level.OK,
            message="this token may not search, so each plan reads the whole store",
        )


def _only_reads(rights: Rights, read: str, write: str, purpose: Purpose) -> Finding:
    if rights.reads is False:
        return Finding(
            check="scopes",
            level=Level.FAIL,
            message="the token may neither read nor write customers",
            advice=f"give the app the scope to read customers{read}",
        )
    if purpose is Purpose.PLAN:
        return Finding(check="scopes", level=Level.OK, message=f"the token only reads{read}")
    return Finding(
        check="scopes",
        level=Level.FAIL,
        message=f"the token only reads{read}, so an apply would be refused",
        advice=f"for `apply` give one that writes{write}; where this job only plans, "
        "`doctor --for plan` is content",
    )
