"""`python -m benchmarks.ordinary FOLDER URL OUT`: the same plan as most people would write it.

CSafeLoader, jsonschema on each customer, httpx for the pages, DeepDiff of each pair, JSON at the
end. It judges nothing, masks nothing and knows no place.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from deepdiff import DeepDiff
from jsonschema import Draft202012Validator

from benchmarks.data import TOKEN
from benchmarks.process import ROOT

Json = dict[str, Any]

_WORDS: Final = {"SUBSCRIBED": "subscribed", "UNSUBSCRIBED": "unsubscribed"}


class Loader(yaml.CSafeLoader):
    """Times stay text, or the schema would refuse them."""


Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if not one[0].endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def wanted(folder: Path) -> dict[str, Json]:
    root = json.loads((ROOT / "schemas/spec.schema.json").read_text(encoding="utf-8"))
    check = Draft202012Validator({"$ref": "#/$defs/customer", "$defs": root["$defs"]})
    found = {}
    for file in sorted(folder.glob("part-*.yaml")):
        document = yaml.load(file.read_bytes(), Loader=Loader)  # noqa: TID251 -- as others do it
        for customer in document["customers"]:
            check.validate(customer)
            found[customer["email"].lower()] = customer
    return found


def live(url: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    since = "0"
    token = os.environ[TOKEN]
    with httpx.Client(base_url=url, headers={"X-Genstore-Access-Token": token}) as client:
        while True:
            answer = client.get("/api/202412/customers", params={"limit": 250, "sinceId": since})
            answer.raise_for_status()
            page = answer.json()["customers"]
            if not page:
                return found
            for record in page:
                found[record["email"].lower()] = as_wanted(record)
            since = page[-1]["id"]


def as_wanted(record: Json) -> Json:
    return {
        "id": record["id"],
        "email": record["email"],
        "phone": f"+86{record['phone']}",
        "first_name": record["firstName"],
        "last_name": record["lastName"],
        "note": record["notes"] or None,
        "tax_exempt": record["taxExempt"],
        "tags": sorted(tag for tag in record["tags"] if tag[:4] not in ("app:", "impo")),
        "consent": {
            "email": _WORDS.get(record["emailMarketingConsent"]["state"]),
            "sms": _WORDS.get(record["smsMarketingConsent"]["state"]),
        },
        "addresses": [
            {
                "first_name": one["firstName"],
                "last_name": one["lastName"],
                "address1": one["address1"],
                "city": one["city"],
                "country_code": one["countryCode"],
                "province_code": one["provinceCode"],
                "zip": one["zip"],
                "default": one["isDefaultAddress"],
            }
            for one in record["addresses"]
        ],
    }


def compared(before: Json, customer: Json) -> Any:
    """Both sides with what the spec speaks of."""
    consents = customer.get("consent", {})
    after = {
        **customer,
        "tags": sorted(customer["tags"]),
        "consent": {
            channel: one if isinstance(one, str) else one["state"]
            for channel, one in consents.items()
        },
        "addresses": [{"default": False, **one} for one in customer.get("addresses", ())],
    }
    before = {key: before[key] for key in after}
    before["consent"] = {channel: before["consent"][channel] for channel in consents}
    return DeepDiff(before, after)


def main(folder: Path, url: str, out: Path) -> None:
    specs = wanted(folder / "specs")
    store = live(url)
    changes = []
    for email, customer in specs.items():
        before = store.get(email)
        if before is None:
            changes.append({"create": customer})
        elif difference := compared(before, customer):
            changes.append({"update": before["id"], "difference": json.loads(difference.to_json())})
    out.write_text(json.dumps(changes, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
