"""Whether a plan file is as this program wrote it, with this key."""

import hmac
from collections.abc import Mapping

from reconciler.errors import PlanFileError
from reconciler.model.pseudonyms import Pseudonyms
from reconciler.planfile.decode import decode
from reconciler.planfile.saved import SavedPlan


def verified(body: Mapping[str, object], pseudonyms: Pseudonyms) -> SavedPlan:
    """The plan of a file that may be applied. Raises `PlanFileError`."""
    verify(body, pseudonyms)
    return decode(body)


def verify(body: Mapping[str, object], pseudonyms: Pseudonyms) -> None:
    """Raises `PlanFileError` where the file was not made with this key, or changed since."""
    content = {name: value for name, value in body.items() if name != "seal"}
    try:
        ours = pseudonyms.digest("seal", content)
    except RecursionError:  # deeper than anything that was ever sealed
        ours = ""
    if not hmac.compare_digest(ours, str(body.get("seal"))):
        raise PlanFileError(
            "this plan was made with another key, or was changed since",
            hint="give the RECONCILER_KEY it was made with, or plan again",
        )
