"""The official files of a département: fetched, verified, and named in a territory file."""

from sdaasp_geo.sources.fetch.fetching import FetchChoice, fetch
from sdaasp_geo.sources.fetch.patience import Patience
from sdaasp_geo.sources.fetch.registry import Entry, Registry, read_registry
from sdaasp_geo.sources.fetch.result import FetchedFile, FetchError, FetchResult

__all__ = [
    "Entry",
    "FetchChoice",
    "FetchError",
    "FetchResult",
    "FetchedFile",
    "Patience",
    "Registry",
    "fetch",
    "read_registry",
]
