"""Layers whose names and columns are spelled in several ways, edition after edition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyogrio
from pyarrow import ArrowException, parquet
from pyogrio.errors import DataLayerError, DataSourceError

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.containers import LAYER_ENDINGS, opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Lower-case spellings, the surest first; the library's own names go before all of them.
CODE = ("code_insee", "insee_com", "code", "insee", "codgeo", "depcom")
NAME = ("nom_officiel", "nom", "nom_com", "libgeo", "libelle")
POPULATION = ("population", "pmun")
EPCI = ("siren_epci", "codes_siren_des_epci", "code_epci")
EPCI_NAME = ("nom_epci", "libepci")

_UNREADABLE = (InputError, DataSourceError, DataLayerError, ArrowException, OSError)
_PARQUET = (".parquet", ".geoparquet")


def layer_fields(
    path: Path, layer: str | None, wanted: Sequence[str] = ()
) -> tuple[str | None, list[str]]:
    """Return the layer that is meant, and the names of its columns.

    Parameters
    ----------
    path
        Any vector file, packed or not.
    layer
        The layer named; None to look for one.
    wanted
        Lower-case names of layers, one of which is taken where a file holds several and
        none is named.

    Returns
    -------
    tuple
        None and no columns for a file that cannot be opened: whoever reads it says why.
    """
    try:
        with opened(path, endings=LAYER_ENDINGS, stem=layer, what="layer") as plain:
            if plain.suffix.lower() in _PARQUET:
                return layer, list(parquet.read_schema(plain).names)
            layer = layer or _likely(pyogrio.list_layers(plain), wanted)
            if layer is None:
                return None, []
            info = pyogrio.read_info(plain, layer=layer)
    except _UNREADABLE:
        return layer, []
    return layer, [str(name) for name in info["fields"]]


def _likely(layers: Any, wanted: Sequence[str]) -> str | None:  # noqa: ANN401 (pyogrio is untyped)
    """Return the only layer with geometry, or the one of a wanted name."""
    spatial = [str(name) for name, kind in layers if kind is not None]
    if len(spatial) == 1:
        return spatial[0]
    return next((name for want in wanted for name in spatial if name.lower() == want), None)


def known_columns(
    given: Mapping[str, str], present: Sequence[str], spellings: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Add to the columns that a territory file names those that are spelled in a known way.

    Parameters
    ----------
    given
        Library's name → name in the file; never changed.
    present
        Columns of the file.
    spellings
        Library's name → lower-case spellings, the surest first.

    Examples
    --------
    >>> known_columns({"name": "nom"}, ["INSEE_COM", "NOM"], {"commune": CODE, "name": NAME})
    {'name': 'nom', 'commune': 'INSEE_COM'}
    """
    by_lower = {name.lower(): name for name in reversed(present)}
    found = {}
    for ours, ways in spellings.items():
        if ours in given:
            continue
        way = next((way for way in (ours, *ways) if way in by_lower), None)
        if way is not None:
            found[ours] = by_lower[way]
    return {**given, **found}
