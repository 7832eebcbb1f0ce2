"""A bundle for an auditor: made of the state folder, and proven wherever it is."""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.environment import Environment
from reconciler.app.register import register_folder
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from reconciler.bundle.key_file import Trusted
    from reconciler.bundle.ssh_signature import Signer
    from reconciler.bundle.verify import AtHand, Verified


def export_bundle(
    environment: Environment, out: Path, stores: Sequence[str], signer: "Signer | None"
) -> "Verified":
    """Writes it, whole or not at all, of some stores or of all that were applied to; and what is
    found wrong with it, which it then has from the state folder. Raises `ConfigError`.
    """
    from reconciler.bundle.export import export
    from reconciler.bundle.key_file import Trusted
    from reconciler.bundle.ssh_signature import fingerprint
    from reconciler.bundle.verify import verified
    from reconciler.state.disk import whole
    from reconciler.state.trail import trail_paths

    trails = trail_paths(environment.folder)
    folder = register_folder(environment)
    registers = {one.name.removesuffix(".jsonl"): one for one in sorted(folder.glob("*.jsonl"))}
    known = {*trails, *registers} - {""}
    lacking = sorted(set(stores) - known)
    if lacking or not {*trails, *registers}:
        raise ConfigError(
            f"there is no trail and no register of {', '.join(lacking) or 'any store'} in "
            f"{environment.folder}",
            hint=f"name one of {', '.join(sorted(known))}" if known else "name its --state-dir",
        )
    wanted = set(stores) or known
    if os.path.lexists(out) and not stat.S_ISREG(os.lstat(out).st_mode):
        raise ConfigError(
            f"{out} is no regular file, and only such a file is written or replaced",
            hint="name another with --out",
        )
    try:
        with whole(out) as file:
            export(
                file,
                environment.folder,
                {name: path for name, path in trails.items() if name in {"", *wanted}},
                {name: path for name, path in registers.items() if name in wanted},
                made_at=environment.clock.now().isoformat(),
                signer=signer,
            )
            trusted = None if signer is None else (Trusted(fingerprint(signer.key), signer.key),)
            return verified(file, _at_hand(environment.variables, environment.folder, (), trusted))
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {(error.strerror or 'unknown').lower()}",
            hint="make room, or name another with --out",
        ) from error


def verify_bundle(
    path: Path,
    variables: Mapping[str, str],
    folder: Path | None,
    *,
    heads: Sequence[str],
    trusted: "tuple[Trusted, ...] | None",
) -> "Verified":
    """`folder` is the state folder whose key counts, None where that of another could be meant.

    Raises `ConfigError` where the file cannot be read at all.
    """
    from reconciler.bundle.verify import verified
    from reconciler.state.disk import regular

    try:
        with regular(path) as stream:
            return verified(stream, _at_hand(variables, folder, heads, trusted))
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {(error.strerror or 'unknown').lower()}",
            hint="check its name, and its permissions",
        ) from error


def _at_hand(
    variables: Mapping[str, str],
    folder: Path | None,
    heads: Sequence[str],
    trusted: "tuple[Trusted, ...] | None",
) -> "AtHand":
    """With the keys at hand, which prove what was sealed with them."""
    from reconciler.bundle.reading import Asked
    from reconciler.bundle.verify import AtHand
    from reconciler.model.pseudonyms import Pseudonyms
    from reconciler.state.key import read_key, record_keys, register_keys

    found = map(Pseudonyms, register_keys(folder, variables))
    return AtHand(
        asked=Asked(
            trail=tuple(map(Pseudonyms, record_keys(folder, variables))),
            register={one.name: one for one in found},
            heads=tuple(heads),
        ),
        plans=read_key(folder, variables) is not None,
        trusted=trusted,
    )
