"""SHOPLINE's Admin GraphQL, as far as REST has no field for it: tax exemptions of customers.

What fails is told with a 200 and `errors`, or with `userErrors` of the mutation.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox.http import Answer, Call, Json, Refusal, Route, read_json, route
from reconciler.sandbox.platform import Store
from reconciler.sandbox.records import Record
from reconciler.sandbox.shopline.selection import Field, SyntaxFault, operation

_GID = "gid://shopline/Customer/"
_DEEPEST = 13
_COUNTRY = re.compile(r"[A-Z]{2}")
_FIELDS = {"customer", "customerUpdate", "customerReplaceTaxExemptions"}


class Fault(Exception):
    """One field is answered with null and an entry of `errors`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Graphql:
    """The one endpoint of a version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settings = store.settings

    def routes(self, version: str) -> list[Route]:
        return [route("POST", f"/admin/graph/{version}/graphql.json", self._answer, reads=True)]

    def _answer(self, call: Call) -> Answer:
        reading = self._settings["graph"]
        if reading == "403":
            raise Refusal(403, "Forbidden")
        if reading == "no data":
            return Answer(200, {"data": None})
        if reading == "denied":
            return failed("access denied", "ACCESS_DENIED")
        asked = read_json(call)
        variables = asked.get("variables")
        try:
            kind, fields = operation(
                str(asked.get("query")), variables if isinstance(variables, dict) else {}
            )
        except SyntaxFault:
            return failed("Invalid syntax", "", "InvalidSyntax")
        deepest = max(one.depth for one in fields)
        if deepest > _DEEPEST:
            told = f"maximum query depth exceeded {deepest} > {_DEEPEST}"
            return failed(told, "", "ExecutionAborted")
        unknown = [one.name for one in fields if one.name not in _FIELDS]
        if unknown or (kind == "query") is any(one.name != "customer" for one in fields):
            return failed("Validation error", "", "ValidationError")
        most = self._settings["graph_most"]
        if kind == "query" and most != "any" and len(fields) > int(most):
            told = f"maximum query complexity exceeded {len(fields)} > {most}"
            return failed(told, "", "ExecutionAborted")
        if kind == "mutation" and self._settings["scope"] == "read":
            raise Refusal(403, "the token lacks the write scope")
        return self._carried_out(fields)

    def _carried_out(self, fields: Iterable[Field]) -> Answer:
        data: Json = {}
        errors = []
        for one in fields:
            try:
                data[one.alias] = one.of(self._value(one))
            except Fault as fault:
                data[one.alias] = None
                errors.append({**_error(fault.message, fault.code), "path": [one.alias]})
            except KeyError:
                return failed("Validation error", "", "ValidationError")
        return Answer(200, {"data": data, **({"errors": errors} if errors else {})})

    def _value(self, field: Field) -> Json | None:
        given = field.arguments
        if field.name == "customer":
            record = self._record(given.get("id"))
            return None if record is None else self._shown(record)
        update = field.name == "customerUpdate"
        wanted = given.get("input") if update else given
        if not isinstance(wanted, Mapping):
            raise Fault("input is required", "PARAM_ILLEGAL")
        record = self._record(wanted.get("id" if update else "customerId"))
        if record is None:
            raise Fault("customer does not exist", "DATA_NOT_EXIST")
        refused = self._update(record, wanted) if update else self._replace(record, wanted)
        if refused:
            said = {"field": [refused], "message": f"{refused} is invalid", "code": "INVALID"}
            return {"customer": None, "userErrors": [said]}
        self._store.save(record)
        return {"customer": self._shown(record), "userErrors": []}

    def _record(self, gid: object) -> Record | None:
        text = str(gid)
        if not text.startswith(_GID):
            raise Fault("id is invalid", "PARAM_ILLEGAL")
        record = self._store.table.copy(text.removeprefix(_GID))
        if record is None and self._settings["graph_missing"] == "error":
            raise Fault("customer does not exist", "DATA_NOT_EXIST")
        return record

    def _update(self, record: Record, given: Mapping[str, Any]) -> str:
        """The field that is refused; empty where all is taken."""
        exempt = given.get("taxExempt")
        if self._settings["tax_exempt"] == "refused" or not isinstance(exempt, bool):
            return "taxExempt"
        if self._settings["graph_put"] == "replace":
            for key in ("first_name", "last_name", "note"):
                record[key] = None
            record["tags"] = []
        if self._settings["graph_put"] in ("replace", "areas"):
            record["tax_exemptions"] = None
        if self._settings["tax_exempt"] == "honoured":
            record["tax_exempt"] = exempt
        return ""

    def _replace(self, record: Record, given: Mapping[str, Any]) -> str:
        rows = given.get("taxExemptions")
        if self._settings["tax_exempt"] == "refused" or not isinstance(rows, list):
            return "taxExemptions"
        if not all(_is_area(one) for one in rows):
            return "taxExemptions"
        if self._settings["tax_exempt"] == "honoured":
            record["tax_exemptions"] = {
                "applyToAllRegion": False,
                "taxExemptionRegions": [
                    {
                        "country": one["countryCode"],
                        "applyToAllSubdivision": not one.get("provinceGCodeList"),
                        "subdivisions": list(one.get("provinceGCodeList") or ()),
                    }
                    for one in rows
                ],
            }
        return ""

    def _shown(self, record: Record) -> Json:
        unset: list[Json] | None = None if self._settings["graph_unset"] == "null" else []
        held = record["tax_exemptions"] or {}
        rows = [self._area(one) for one in held.get("taxExemptionRegions") or ()]
        exempt = record["tax_exempt"]
        if not exempt and self._settings["graph_unset"] == "null":
            exempt = None
        return {
            "id": f"{_GID}{record['id']}",
            "taxExempt": exempt,
            "taxExemptions": rows or unset,
            "email": record["email"],
        }

    def _area(self, one: Mapping[str, Any]) -> Json:
        whole: list[str] | None = None if self._settings["graph_whole"] == "null" else []
        parts = whole if one["applyToAllSubdivision"] else self._provinces(one)
        return {**one, "countryCode": one["country"], "provinceGCodeList": parts}

    def _provinces(self, one: Mapping[str, Any]) -> list[str]:
        before = f"{one['country']}-"
        reading, told = self._settings["graph_codes"], list(one["subdivisions"])
        if reading == "as written":
            return told
        bare = [code.removeprefix(before) for code in told]
        return [f"{before}{code}" for code in bare] if reading == "with country" else bare


def _is_area(one: object) -> bool:
    if not isinstance(one, Mapping) or not _COUNTRY.fullmatch(str(one.get("countryCode"))):
        return False
    parts = one.get("provinceGCodeList")
    return parts is None or (isinstance(parts, list) and all(isinstance(it, str) for it in parts))


def _error(message: str, code: str, classification: str = "") -> Json:
    told = {"code": code} if code else {"classification": classification}
    return {"message": message, "extensions": told}


def failed(message: str, code: str, classification: str = "") -> Answer:
    return Answer(200, {"errors": [_error(message, code, classification)], "data": None})
