"""What the road layers of IGN's products share: columns under several spellings, closed roads."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.containers import contents
from sdaasp_geo.sources.layer_forms import known_columns, layer_fields
from sdaasp_geo.sources.layers import read_layer
from sdaasp_geo.sources.names import missing_column
from sdaasp_geo.tables.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from sdaasp_geo.tables.reading import Notes


_UNSAID = "not told"


class Spelling(NamedTuple):
    """How the columns of a product may be called.

    Parameters
    ----------
    layers
        Lower-case names of the layer, the usual one first.
    required, optional
        Reader's name → lower-case spellings; ``oneway`` is always required.
    """

    layers: tuple[str, ...]
    required: Mapping[str, Sequence[str]]
    optional: Mapping[str, Sequence[str]]


class Lines(NamedTuple):
    """A layer as it is in the file.

    Parameters
    ----------
    frame
        Columns as text under the reader's names, and `geometry`; indexed by row.
    names
        Reader's name → name in the file, of the columns that there are.
    """

    frame: gpd.GeoDataFrame
    names: dict[str, str]


def read_ign_lines(path: Path, layer: str | None, spelling: Spelling) -> Lines:
    """Read the columns of a product's road layer, however this edition spells them.

    Raises
    ------
    InputError
        If the file cannot be read, or a required column is not there in any spelling.
    """
    # A shapefile among others in an archive is known by its name there.
    members = [PurePosixPath(name).stem for name in contents(path)]
    known = dict.fromkeys(name for name in members if name.lower() in spelling.layers)
    for wanted in [layer] if layer else [None, *known]:
        name, fields = layer_fields(path, wanted, spelling.layers)
        if fields:
            break
    else:
        # Not a file of layers at all: the common reader says why.
        read_layer(path, columns={}, layer=layer)
        name, fields = layer, []
    names = known_columns({}, fields, {**spelling.required, **spelling.optional})
    faults = [
        missing_column(path.name, ways[0], fields)
        for ours, ways in spelling.required.items()
        if ours not in names
    ]
    if faults:
        raise InputError(faults)
    raw = read_layer(path, columns=names, layer=name)
    texts = {ours: as_text(raw[ours]) for ours in names}
    # An empty cell is "both ways" elsewhere; these products say so in words.
    texts["oneway"] = texts["oneway"].fillna(_UNSAID)
    return Lines(raw[["geometry"]].assign(**texts), names)


def folded_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column without capitals and accents; empty text where it, or the column, is missing.

    Examples
    --------
    >>> folded_column(pd.DataFrame({"nature": ["Route à 1 chaussée", None]}), "nature").tolist()
    ['route_a_1_chaussee', '']
    """
    if name not in frame:
        return pd.Series("", index=frame.index, dtype="str")
    texts = frame[name].fillna("").astype("str")
    spelled = {text: folded(text) for text in texts.unique()}
    return texts.map(spelled).astype("str")


def without_closed(
    frame: gpd.GeoDataFrame, closed: Sequence[tuple[pd.Series, pd.Series, str]], notes: Notes
) -> gpd.GeoDataFrame:
    """Count as unused the roads that are not for inhabitants' cars.

    Parameters
    ----------
    frame
        Roads.
    closed
        Whether each road is, the word of the file that says so, and the reason. The
        first reason that fits holds.
    notes
        Receives the unused rows.

    Raises
    ------
    InputError
        If no road is left.
    """
    left = pd.Series(data=True, index=frame.index)
    for wrong, words, reason in closed:
        now = left & wrong
        if now.any():
            notes.skip(words[now], reason)
        left &= ~wrong
    if not left.any():
        found = f"none among {len(frame)} features"
        cause = "an extract of paths, or a layer of something else than roads"
        raise InputError([Fault(notes.source, "roads open to cars", found, cause)])
    return frame[left]
