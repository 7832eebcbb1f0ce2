# Read by the walks: what people and staff do in a local store, and what it has then.

# A field of a customer: live PORT EMAIL FIELD.
live() {
  python3 -c '
import json, sys
from urllib.request import urlopen

_, port, email, field = sys.argv
people = json.load(urlopen(f"http://127.0.0.1:{port}/_sandbox/customers"))["customers"]
print(next(one for one in people if one["email"] == email)[field])' "$@"
}

# Something happens in a store: tell PORT WHAT JSON.
tell() {
  python3 -c '
import sys
from urllib.request import Request, urlopen

_, port, what, told = sys.argv
urlopen(Request(f"http://127.0.0.1:{port}/_sandbox/{what}", told.encode(), method="POST"))' "$@"
}

# Something happens to a customer: happens PORT EMAIL WHAT, and the rest of the JSON.
happens() { tell "$1" "$3" "{\"id\": \"$(live "$1" "$2" id)\", $4}"; }
