"""As much of GraphQL as reading and writing fields takes: an operation and what it selects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r'\s*(?:,|#[^\n]*\n)*\s*([A-Za-z_]\w*|\$\w+|"[^"]*"|-?\d+|[{}()\[\]:!=])')


class SyntaxFault(Exception):
    """The text is no operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`alias` is the name itself where none is given; values of `arguments` are known."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    fields: tuple["Field", ...]

    @property
    def depth(self) -> int:
        return 1 + max((one.depth for one in self.fields), default=0)

    def of(self, value: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """What is selected of an object; raises `KeyError` for what it does not have."""
        if value is None:
            return None
        found: dict[str, Any] = {}
        for one in self.fields:
            held = value[one.name]
            if isinstance(held, list):
                found[one.alias] = [one.of(part) if one.fields else part for part in held]
            else:
                found[one.alias] = one.of(held) if one.fields else held
        return found


def operation(text: str, variables: Mapping[str, Any]) -> tuple[str, tuple[Field, ...]]:
    """`query` or `mutation`, and the fields at its root."""
    return _Reader(text, variables).operation()


class _Reader:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens: list[str] = []
        self._variables = variables
        self._at = 0
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise SyntaxFault
            self._tokens.append(found[1])
            place = found.end()

    def operation(self) -> tuple[str, tuple[Field, ...]]:
        kind = "query"
        if self._peek() != "{":
            kind = self._next()
            if kind not in ("query", "mutation"):
                raise SyntaxFault
            while self._peek() != "{":  # the operation's name and the types of its variables
                self._next()
        fields = self._fields()
        if self._at != len(self._tokens):
            raise SyntaxFault
        return kind, fields

    def _peek(self) -> str:
        if self._at == len(self._tokens):
            raise SyntaxFault
        return self._tokens[self._at]

    def _next(self, wanted: str = "") -> str:
        token = self._peek()
        if wanted and token != wanted:
            raise SyntaxFault
        self._at += 1
        return token

    def _fields(self) -> tuple[Field, ...]:
        self._next("{")
        found = []
        while self._peek() != "}":
            found.append(self._field())
        self._next("}")
        if not found:
            raise SyntaxFault
        return tuple(found)

    def _field(self) -> Field:
        alias = name = self._next()
        if self._peek() == ":":
            self._next()
            name = self._next()
        arguments: dict[str, Any] = {}
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                key = self._next()
                self._next(":")
                arguments[key] = self._value()
            self._next(")")
        fields = self._fields() if self._peek() == "{" else ()
        return Field(name=name, alias=alias, arguments=arguments, fields=fields)

    def _value(self) -> Any:
        token = self._next()
        if token.startswith("$"):
            return self._variables.get(token[1:])
        if token.startswith('"'):
            return token[1:-1]
        plain = {"true": True, "false": False, "null": None}
        if token in plain:
            return plain[token]
        if token.lstrip("-").isdecimal():
            return int(token)
        raise SyntaxFault
