"""The tables of all platforms, by name; cheap to import, for validation and `stores`."""

from typing import Final

from reconciler.model.capabilities import Capabilities
from reconciler.platforms.genstore.capabilities import GENSTORE
from reconciler.platforms.shoplazza.capabilities import SHOPLAZZA
from reconciler.platforms.shopline.capabilities import SHOPLINE

TABLES: Final[dict[str, Capabilities]] = {
    "genstore": GENSTORE,
    "shoplazza": SHOPLAZZA,
    "shopline": SHOPLINE,
}
