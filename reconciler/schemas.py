"""The written formats: their JSON Schemas, and what accepts a value by one of them.

jsonschema-rs accepts, jsonschema explains what was refused; both read the same schema. Neither is
imported before it is asked.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from reconciler.model.instant import date_fault, instant
from reconciler.model.spelling import email_fault, phone_shape_fault, tag_fault, text_fault
from reconciler.model.web_address import address

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema_rs import Draft202012Validator

NAMES: Final = (
    "spec",
    "plan",
    "journal",
    "audit",
    "register",
    "doctor",
    "bundle",
    "mapping",
    "import",
)
_HERE: Final = Path(__file__).resolve().parent
# In the wheel, and in the checkout that it is worked on in.
_FOLDERS: Final = (_HERE / "_schemas", _HERE.parent / "schemas")
# Why a text is refused, in words that follow its name.
FAULTS: Final[dict[str, Callable[[str], str | None]]] = {
    "email": email_fault,
    "phone": phone_shape_fault,
    "tag": tag_fault,
    "text": text_fault,
    "lines": lambda value: text_fault(value, lines=True),
    "date": date_fault,
}


def text(name: str) -> str:
    """The schema as it is written."""
    folder = next((one for one in _FOLDERS if one.is_dir()), _FOLDERS[-1])
    return (folder / f"{name}.schema.json").read_text(encoding="utf-8")


@cache
def load(name: str) -> Any:
    """As it is written, and with the platforms that are known here."""
    found = json.loads(text(name))
    if name == "spec":
        for known in _platforms:
            found["$defs"]["store"]["properties"]["platform"]["enum"] = list(known())
    return found


def current(name: str) -> str:
    """As it is written, unless packages add platforms: then with those."""
    known = load(name)
    shown = text(name)
    return shown if json.loads(shown) == known else f"{json.dumps(known, indent=2)}\n"


_platforms: list[Callable[[], Iterable[str]]] = []


def know_platforms(names: Callable[[], Iterable[str]]) -> None:
    """For the registry, once: packages may add platforms that the written schema does not list.

    It is asked for them where the written one has refused something.
    """
    _platforms[:] = [names]
    for one in (load, validator, keys_and_words):
        one.cache_clear()


@cache
def keys_and_words() -> tuple[frozenset[str], frozenset[str]]:
    """All names of properties that specs may have, and all words that some property lists."""
    keys: set[str] = set()
    words: set[str] = {"true", "false", "null"}
    left: list[Any] = [load("spec")]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            keys |= set(one.get("properties", ()))
            words |= {word for word in one.get("enum", ()) if isinstance(word, str)}
            left.extend(value for name, value in one.items() if name != "examples")
        elif isinstance(one, list):
            left.extend(one)
    return frozenset(keys), frozenset(words)


class Accepted:
    """Stands in a list where a value was that is accepted already, which nobody looks at again."""

    __slots__ = ()


@cache
def _acceptor(name: str, part: str = "") -> "Draft202012Validator":
    """`part` is a definition of the schema, where not the whole is asked about."""
    from jsonschema_rs import Draft202012Validator

    schema = _part_of(json.loads(text(name)), part)
    return Draft202012Validator(schema, formats=_checks(), validate_formats=True)


def _part_of(root: Any, part: str) -> Any:
    return {"$ref": f"#/$defs/{part}", "$defs": root["$defs"]} if part else root


def accepts(name: str, value: Any, part: str = "") -> bool:
    """Whether a value is surely one of the format, or of its definition `part`.

    False also stands for what only the validator can judge, such as half a surrogate pair, or a
    platform that a package adds.
    """
    try:
        return bool(_acceptor(name, part).is_valid(value))
    except (ValueError, OverflowError):
        return False


def fits(part: str, value: object) -> bool:
    """Whether a value may stand where the spec schema's definition `part` is used."""
    return accepts("spec", value, part) or bool(validator("spec", part).is_valid(value))


@cache
def validator(name: str, part: str = "") -> Any:
    """The one that explains."""
    from jsonschema import Draft202012Validator, validators

    kind = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern, "items": _items(name)}
    )
    return kind(_part_of(load(name), part), format_checker=_formats())


def _items(name: str) -> Callable[..., "Iterator[ValidationError]"]:
    """Items that are accepted need no explaining, however many others do."""

    def items(
        validator: Any,
        wanted: Any,
        value: object,
        schema: Any,  # noqa: ARG001
    ) -> "Iterator[ValidationError]":
        _, _, part = wanted.get("$ref", "").rpartition("#/$defs/")
        for index, one in enumerate(value if isinstance(value, list) else ()):
            if isinstance(one, Accepted):
                continue
            if not part or not accepts(name, one, part):
                yield from validator.descend(one, wanted, path=index)

    return items


def _pattern(
    validator: Any,  # noqa: ARG001
    pattern: str,
    value: object,
    schema: Any,  # noqa: ARG001
) -> "Iterator[ValidationError]":
    from jsonschema import ValidationError

    if isinstance(value, str) and not _to_the_end(pattern).search(value):
        yield ValidationError("does not match")


@cache
def _to_the_end(pattern: str) -> re.Pattern[str]:
    """`$` is the end of the text, as JSON Schema means it; Python's lets a line end follow."""
    return re.compile(re.sub(r"\$\Z", r"\\Z", pattern))


def _formats() -> Any:
    """Our own few formats: the library's e-mail check takes `x@`, and it has none for times."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, holds in _checks().items():
        checker.checks(name)(_of_text(holds))
    return checker


def _checks() -> dict[str, Callable[[str], bool]]:
    return {
        "instant": lambda value: instant(value) is not None,
        "timezone": _is_zone,
        "region": lambda value: value in phonenumbers.SUPPORTED_REGIONS,
        "base-url": lambda value: address(value) is not None,
        **{name: _is_faultless(fault) for name, fault in FAULTS.items()},
        **{name: _is_read_as_it_is(FAULTS[name]) for name in ("text", "lines")},
    }


def _of_text(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or holds(value)


def _is_zone(value: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_faultless(fault: Callable[[str], str | None]) -> Callable[[str], bool]:
    return lambda value: fault(value) is None


def _is_read_as_it_is(fault: Callable[[str], str | None]) -> Callable[[str], bool]:
    """The same where plain ASCII has no fault: most texts are, and there are many of them."""
    return lambda value: (value.isascii() and value.isprintable()) or fault(value) is None
