"""What the frames of a caller must hold before anything is searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproj import CRS

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from sdaasp_geo.network.road_network import RoadNetwork

_KNOWN_BY = ("commune", "position")
_OF_ORIGINS = ("origin", "unit", "known_by")
_OF_FACILITIES = ("facility", "service", "unit", "known_by", "count")


def check_frames(
    network: RoadNetwork, origins: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame
) -> None:
    """Refuse frames that lack a column, lie in another CRS, or say where in other words.

    Raises
    ------
    InputError
        With every fault of both frames.
    """
    faults = [
        *_faults(origins, "origins", _OF_ORIGINS, network.crs),
        *_faults(facilities, "facilities", _OF_FACILITIES, network.crs),
    ]
    if faults:
        raise InputError(faults)


def _faults(
    frame: gpd.GeoDataFrame, name: str, columns: Iterable[str], crs: str
) -> Iterable[Fault]:
    for column in columns:
        if column not in frame:
            found = f"the columns {', '.join(map(str, frame.columns))}"
            yield Fault(
                name,
                "this column",
                found,
                _CAUSES.get(column, "a column of another name"),
                column=column,
            )
    if frame.crs is None or CRS(frame.crs) != CRS(crs):
        cause = f"points in another system than the roads; {name}.to_crs({crs!r})"
        yield Fault(name, f"points in {crs}, as the roads", f"{frame.crs}", cause)
    if "known_by" in frame:
        wrong = ~frame["known_by"].isin(_KNOWN_BY)
        for row in frame.index[wrong][:1]:
            found = f"{frame.loc[row, 'known_by']!r} and {int(wrong.sum()) - 1} more"
            expected = "'commune' (placed at its seat) or 'position' (its own coordinates)"
            yield Fault(name, expected, found, f"index {row!r}", column="known_by")


_CAUSES = {
    "known_by": "whether a place is known by its 'position', or by its 'commune' alone",
    "unit": "the commune, or municipal arrondissement, of each row",
    "count": "how many facilities a row stands for; 1 for one place",
}
