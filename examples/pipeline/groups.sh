#!/bin/sh
# groups.sh [REV]: one job for each store that stands alone, and one for the stores of a controller together: [{"group":
# "acme", "stores": "acme-us acme-eu"}, …]. The stores are those of REV, the protected branch, or those at hand.
. "$(dirname "$0")/settings.sh"
stores=$(reconciler stores --format json ${1:+--base "$1"})
printf '%s' "$stores" | forge groups
