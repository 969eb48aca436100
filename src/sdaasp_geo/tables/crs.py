"""Coordinate reference systems: metric inside the library, checked at the gate."""

from __future__ import annotations

from pyproj import CRS, Proj

METROPOLITAN_CRS = "EPSG:2154"
GEOGRAPHIC_CRS = "EPSG:4326"

# Official projected systems of the overseas départements (décret 2000-1276 as amended).
OVERSEAS_CRS = {
    "971": "EPSG:5490",
    "972": "EPSG:5490",
    "973": "EPSG:2972",
    "974": "EPSG:2975",
    "976": "EPSG:4471",
}


def departement_crs(departement: str) -> str:
    """Official projected CRS of a département.

    Examples
    --------
    >>> departement_crs("13"), departement_crs("974")
    ('EPSG:2154', 'EPSG:2975')
    """
    return OVERSEAS_CRS.get(departement, METROPOLITAN_CRS)


def is_metric(crs: CRS | str | None) -> bool:
    """Whether a CRS is projected with metres on both axes.

    Examples
    --------
    >>> is_metric("EPSG:2154"), is_metric("EPSG:4326"), is_metric(None)
    (True, False, False)
    """
    if crs is None:
        return False
    known = CRS.from_user_input(crs)
    return known.is_projected and all(axis.unit_name == "metre" for axis in known.axis_info)


def scale_at(crs: CRS | str, x: float, y: float) -> float:
    """Metres that the CRS shows for one metre of ground at a place (1 where lengths are kept).

    Examples
    --------
    >>> round(scale_at("EPSG:2154", 700_000.0, 6_600_000.0), 3)
    0.999
    >>> round(scale_at("EPSG:3857", 600_000.0, 5_400_000.0), 1)
    1.4
    """
    projection = Proj(CRS.from_user_input(crs))
    longitude, latitude = projection(x, y, inverse=True)
    factors = projection.get_factors(longitude, latitude)
    return float((factors.meridional_scale + factors.parallel_scale) / 2.0)
