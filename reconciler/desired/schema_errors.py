"""JSON Schema at the door: loads the schemas and turns their errors into located complaints.

The library's own sentences quote the offending value, which may be a person's; ours are rebuilt
from the failed keyword and the schema, and never hold the value.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

from reconciler.desired import yaml_reader
from reconciler.desired.again import Lines, listed
from reconciler.desired.document import MEMBERS, Document
from reconciler.desired.files import SpecFile
from reconciler.desired.item import Item
from reconciler.diagnostics import Diagnostic, Pointer
from reconciler.schemas import FAULTS, accepts, load, validator

Failure: TypeAlias = Any
"""A `jsonschema.ValidationError`, whose own types leave every attribute unset."""
_KINDS: Final = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
}
# How deep lists of accepted entries stand: the members of a tag.
_DEEPEST_LIST: Final = 4
_LONGEST_SLIP: Final = 60
_HARMLESS_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_-]{0,40}")
_FORMATS: Final = {
    "instant": ("is no time with an offset", ""),
    "base-url": ("is no address", "write scheme, host and port, like http://127.0.0.1:8401"),
    "timezone": ("is no time zone", "use a name like Asia/Shanghai"),
    "region": ("is no country code that phone numbers know", "two capital letters, like CN"),
}
_FAULT_HINTS: Final = {
    "email": "write it as name@host.domain",
    "phone": 'write one number and nothing else, like "+8613315034487"',
    "tag": "stores cut tags at commas and trim them; take this out",
    "text": "take it out, or write the text anew",
    "lines": "take it out, or write the text anew",
    "date": "write year, month and day, like 1997-01-02",
}


_PARTS: Final = {"customers": "customer", "consents": "consentEntry", MEMBERS: "member"}


def read(file: SpecFile) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """What is sound in a file, and every complaint about it; None where nothing can be read.

    Its entries are checked one by one as they are read, and only what is refused is kept as it is.
    """
    parsed, broken = yaml_reader.parse(file, _accepted)
    if parsed is None:
        return None, broken
    sound, wrong = check(parsed)
    return sound if sound.data is not None else None, (*broken, *wrong)


def read_sections(
    file: SpecFile, names: Collection[str]
) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The same of some sections alone; None where the file has none but `store`."""
    parsed, broken = yaml_reader.parse(file, _accepted)
    if parsed is None or not isinstance(parsed.data, dict):
        return None, broken
    kept = {name: one for name, one in parsed.data.items() if name in names}
    if not kept.keys() - {"store"}:
        return None, broken
    sound, wrong = check(replace(parsed, data=kept))
    return sound, (*broken, *wrong)


def _accepted(name: str, value: Any) -> bool:
    return accepts("spec", value, _PARTS[name])


def check(document: Document) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document without what the schema refuses, and every complaint at its place.

    A refused entry becomes None and a refused store or section goes, so that the rest can be
    checked further and all complaints come at once.
    """
    if document.data is None or accepts("spec", _left(document.data)):
        return document, ()
    found: list[Diagnostic] = []
    refused: list[Pointer] = []
    document = replace(document, data=listed(document.data))
    for error in validator("spec").iter_errors(document.data):
        found.extend(explain(document, error))
        refused.append(tuple(error.absolute_path))
    return replace(document, data=_without(document.data, refused)), tuple(found)


def _left(node: Any, depth: int = 0) -> Any:
    """What is not accepted yet: a document without entries that are."""
    if isinstance(node, dict) and depth < _DEEPEST_LIST:
        return {name: _left(one, depth + 1) for name, one in node.items()}
    if isinstance(node, Lines):
        return []
    if isinstance(node, list) and depth < _DEEPEST_LIST:
        return [_left(one, depth + 1) for one in node if not isinstance(one, Item)]
    return node


def _without(data: Any, refused: Collection[Pointer]) -> Any:
    """In one go: what is left of thousands of refused entries is copied once."""
    if not isinstance(data, dict):
        return None
    known = load("spec")["properties"]
    places: dict[str, set[str | int]] = {}
    gone: set[str] = set()
    for section, *rest in (one for one in refused if one):
        name, value = str(section), data.get(str(section))
        entry = isinstance(value, list) and rest and isinstance(rest[0], int)
        if entry or (rest and section == "stores" and isinstance(value, dict)):
            places.setdefault(name, set()).add(rest[0])
        else:
            gone.add(name)
    unknown = {name for name in data if name not in known} if () in refused else ()
    return {
        name: _spared(value, places[name]) if name in places else value
        for name, value in data.items()
        if name not in gone and name not in unknown
    }


def _spared(section: Any, out: Collection[str | int]) -> Any:
    if isinstance(section, list):
        return [None if index in out else one for index, one in enumerate(section)]
    return {name: one for name, one in section.items() if name not in out}


def explain(document: Document, error: Failure) -> Iterator[Diagnostic]:
    """What a schema says against a document, in our words and at its place."""
    pointer: Pointer = tuple(error.absolute_path)
    keyword = str(error.validator)
    if keyword == "anyOf":
        yield from _any_of(document, error, pointer)
    elif keyword == "additionalProperties":
        yield from _unknown_keys(document, error, pointer)
    elif keyword == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))
        yield _diagnostic(
            document,
            "schema.missing",
            pointer,
            f"{_name(pointer)} lacks {_ticked(missing, ' and ')}",
            _hint(error),
        )
    else:
        yield _diagnostic(
            document,
            _rule(pointer, keyword),
            pointer,
            f"{_name(pointer)} {_sentence(error, keyword)}",
            _hint(error, keyword),
        )


def _rule(pointer: Pointer, keyword: str) -> str:
    """A token that stands in a spec has a rule of its own, since it must be changed at once."""
    if pointer[:1] == ("stores",) and pointer[2:] == ("token",) and keyword == "type":
        return "settings.literal-token"
    return {"type": "schema.type", "format": "schema.format"}.get(keyword, "schema.value")


def _any_of(document: Document, error: Failure, pointer: Pointer) -> Iterator[Diagnostic]:
    """The complaints of the one branch that is meant, which the type of the value tells."""
    branches: dict[int, list[Failure]] = {}
    for inner in error.context or ():
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    if all(one[0].validator == "required" and len(one) == 1 for one in branches.values()):
        names = [name for branch in error.validator_value for name in branch["required"]]
        yield _diagnostic(
            document,
            "schema.missing",
            pointer,
            f"{_name(pointer)} needs one of {_ticked(names, ', ')}",
            _hint(error),
        )
        return
    depth = len(error.absolute_path)
    for inner_errors in branches.values():
        if not any(
            len(inner.absolute_path) == depth and inner.validator == "type"
            for inner in inner_errors
        ) and _same_kind(inner_errors, depth):
            for inner in inner_errors:
                yield from explain(document, inner)
            return
    kinds = [_branch_kind(branch) for branch in error.validator_value]
    yield _diagnostic(
        document,
        "schema.type",
        pointer,
        f"{_name(pointer)} must be {' or '.join(kinds)}",
        _hint(error),
    )


def _same_kind(errors: list[Failure], depth: int) -> bool:
    """An enum of words is not the branch that a mapping was meant for."""
    return not any(
        len(one.absolute_path) == depth
        and one.validator in ("enum", "const")
        and not isinstance(one.instance, str)
        for one in errors
    )


def _branch_kind(branch: dict[str, Any]) -> str:
    if "$ref" in branch:
        branch = load("spec")["$defs"][branch["$ref"].rpartition("/")[2]]
    if "enum" in branch:
        return f"one of {_ticked(branch['enum'], ', ')}"
    if "const" in branch:
        return f"`{branch['const']}`"
    return _KINDS[str(branch["type"])]


def _similar(word: str, known: list[str]) -> list[str]:
    """The nearest of the known words; nothing for what is too long to be a slip of the pen."""
    if len(word) > _LONGEST_SLIP:
        return []
    import difflib  # noqa: PLC0415 -- where there is nothing to explain it is not needed

    return difflib.get_close_matches(word, known, n=1)


def _unknown_keys(document: Document, error: Failure, pointer: Pointer) -> Iterator[Diagnostic]:
    known = list(error.schema.get("properties", {}))
    refused = error.schema.get("x-refused", {})
    for key in error.instance:
        if key in known:
            continue
        close = _similar(key, known)
        likely = f"did you mean `{close[0]}`?" if close else f"it may hold {_ticked(known, ', ')}"
        shown = f"`{key}`" if _HARMLESS_KEY.fullmatch(key) else "this key"
        yield Diagnostic(
            rule="schema.unknown-key",
            message=f"{_name(pointer)} has no {shown}" if pointer else f"a spec has no {shown}",
            mark=document.key_mark((*pointer, key)),
            hint=refused.get(key) or likely,
        )


def _sentence(error: Failure, keyword: str) -> str:
    wanted = error.validator_value
    match keyword:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            named = " or ".join(_KINDS[kind] for kind in kinds)
            return f"must be {named}, not {_kind(error.instance)}"
        case "enum":
            return f"must be one of {_ticked(wanted, ', ')}"
        case "const":
            return f"may only be `{wanted}`"
        case "format":
            fault = FAULTS.get(str(wanted))
            told = fault(error.instance) if fault is not None else None
            return told or _FORMATS[str(wanted)][0]
        case "minLength" | "minItems" | "minProperties":
            return "is empty" if wanted == 1 else f"is shorter than {wanted}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"is longer than {wanted}"
        case "uniqueItems":
            return "names something twice"
        case "minimum" | "maximum" | "exclusiveMinimum":
            side = {"minimum": "at least", "maximum": "at most"}.get(keyword, "more than")
            return f"must be {side} {wanted}"
        case "pattern":
            return "is not of the form that is wanted here"
        case _:
            return "is not as the schema wants it"


def _hint(error: Failure, keyword: str = "") -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    if keyword == "enum" and isinstance(error.instance, str):
        close = _similar(error.instance, [str(one) for one in schema["enum"]])
        if close:
            return f"did you mean `{close[0]}`?"
    if keyword == "format" and str(error.validator_value) in _FAULT_HINTS:
        return _FAULT_HINTS[str(error.validator_value)]
    if "x-hint" in schema:
        return str(schema["x-hint"])
    if keyword == "format" and _FORMATS[str(error.validator_value)][1]:
        return _FORMATS[str(error.validator_value)][1]
    if keyword == "type" and schema.get("type") in ("string", ["string", "null"]):
        return "put it in quotes"
    examples = schema.get("examples")
    return f"for example {json.dumps(examples[0], ensure_ascii=False)}" if examples else ""


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "boolean"),
        (str, "string"),
        (int, "integer"),
        (float, "number"),
        (dict, "object"),
        (list, "array"),
    )
    return _KINDS[next((name for kind, name in kinds if isinstance(value, kind)), "null")]


def _name(pointer: Pointer) -> str:
    """The path to a value in the words of the spec, keys that may be personal left out."""
    words = [
        f"[{part}]"
        if isinstance(part, int)
        else f".{part}"
        if _HARMLESS_KEY.fullmatch(part)
        else ".…"
        for part in pointer
    ]
    return f"`{''.join(words).lstrip('.')}`" if words else "the document"


def _ticked(names: Iterable[object], glue: str) -> str:
    return glue.join(f"`{'null' if name is None else name}`" for name in names)


def _diagnostic(
    document: Document, rule: str, pointer: Pointer, message: str, hint: str
) -> Diagnostic:
    return Diagnostic(rule=rule, message=message, mark=document.mark(pointer), hint=hint)
