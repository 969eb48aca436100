"""The polygons of communes and arrondissements: rough cells that share their borders exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree, Voronoi

from sdaasp_geo.example.geography import CRS, ISLAND_CENTRE_M, Geography, roughen
from sdaasp_geo.example.names import CITY_NAME
from sdaasp_geo.example.settlements import (
    ARRONDISSEMENTS,
    DEPARTEMENT,
    NEIGHBOUR,
    Settlements,
    inhabited_land,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.example.geography import Floats

    Faces = npt.NDArray[np.object_]

# Intercommunalités: name, SIREN of no existing body, département, centre on the sheet (m)
# and its pull (a metropolis reaches farther than a community of villages).
EPCI: Final = (
    ("Métropole de Port-Caldaure", "249900015", DEPARTEMENT, (53_500.0, 25_000.0), 1.35),
    ("CA Tourmanges-Aubrelle", "249900023", DEPARTEMENT, (22_000.0, 46_000.0), 1.1),
    ("CA Lioure et Garrigues", "249900031", DEPARTEMENT, (72_000.0, 36_000.0), 1.0),
    ("CC du Massif de la Corbenze", "249900049", DEPARTEMENT, (52_000.0, 64_000.0), 1.1),
    ("CC Delta et Étangs de l'Aubrelle", "249900056", DEPARTEMENT, (18_000.0, 15_000.0), 0.8),
    ("CA Sainte-Ouvraine Pays de Dorgne", "249800017", NEIGHBOUR, (92_000.0, 50_000.0), 1.0),
    ("CC du Littoral verlunois", "249800025", NEIGHBOUR, (92_000.0, 24_000.0), 1.0),
)
# Two communes whose town hall nobody located: the library takes an interior point.
WITHOUT_CHEF_LIEU: Final = 2
_GRID_M: Final = 1.0
_SPECK_M2: Final = 20_000.0


def make_polygons(
    rng: np.random.Generator, land: Geography, settlements: Settlements
) -> list[shapely.MultiPolygon]:
    """Cut the land into one polygon a seat, in EPSG:2154, rounded to the metre."""
    seats = settlements.points
    points = np.vstack([seats, _ghosts(rng, land)])
    borders = _borders(rng, points, len(seats))
    lines = [shapely.LineString(land.bend(line)) for line in borders]
    lines += [shapely.LineString(land.bend(_dense(ring))) for ring in _rings(land.land)]
    # One noding on a grid: what two communes share is the same list of points in both.
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=_GRID_M)]))
    owner = _owners(land, points, faces, len(seats))
    return [_cell(faces[owner == number]) for number in range(len(seats))]


def communes_layer(
    settlements: Settlements, polygons: list[shapely.MultiPolygon]
) -> gpd.GeoDataFrame:
    """Layer `communes`: the city is one row, the union of its arrondissements."""
    city = len(ARRONDISSEMENTS)
    whole = _cell(np.array(polygons[:city], dtype=object))
    seats = range(city - 1, len(polygons))
    epci = [epci_of(settlements, number) for number in seats]
    layer = gpd.GeoDataFrame(
        {
            "code_insee": [settlements.commune[number] for number in seats],
            "nom": [CITY_NAME, *settlements.name[city:]],
            "dep": [settlements.departement[number] for number in seats],
            "population": [
                int(settlements.population[:city].sum()),
                *settlements.population[city:].tolist(),
            ],
            "siren_epci": [EPCI[number][1] for number in epci],
            "nom_epci": [EPCI[number][0] for number in epci],
        },
        geometry=[whole, *polygons[city:]],
        crs=CRS,
    )
    return layer.sort_values("code_insee", ignore_index=True)


def seats_layer(land: Geography, settlements: Settlements) -> gpd.GeoDataFrame:
    """Layer `chefs_lieux`: one point a commune, but for the two that have none."""
    city = len(ARRONDISSEMENTS)
    bent = np.round(land.bend(settlements.points))
    rows = [0, *range(city, len(bent))]
    layer = gpd.GeoDataFrame(
        {"code_insee": [settlements.commune[number] for number in rows]},
        geometry=shapely.points(bent[rows]),
        crs=CRS,
    )
    # The least populated villages of the département are the ones that files forget.
    small = sorted(
        (int(settlements.population[n]), settlements.code[n])
        for n in rows
        if settlements.departement[n] == DEPARTEMENT
    )[:WITHOUT_CHEF_LIEU]
    missing = {code for _, code in small}
    kept = layer[~layer["code_insee"].isin(missing)]
    return kept.sort_values("code_insee", ignore_index=True)


def arrondissements_layer(
    settlements: Settlements, polygons: list[shapely.MultiPolygon]
) -> gpd.GeoDataFrame:
    """Layer `arrondissements` of the city."""
    city = len(ARRONDISSEMENTS)
    return gpd.GeoDataFrame(
        {
            "code_insee": settlements.code[:city],
            "nom": settlements.name[:city],
            "code_commune": settlements.commune[:city],
            "population": settlements.population[:city],
        },
        geometry=polygons[:city],
        crs=CRS,
    )


def passage_table(settlements: Settlements, merged: dict[str, str]) -> pd.DataFrame:
    """Codes of other years or other counts → commune of today."""
    city = len(ARRONDISSEMENTS)
    rows = [(old, new, "commune nouvelle") for old, new in sorted(merged.items())]
    rows += [(code, settlements.city, "arrondissement") for code in settlements.code[:city]]
    return pd.DataFrame(rows, columns=["code_ancien", "code_insee", "methode"])


def _borders(rng: np.random.Generator, points: Floats, seats: int) -> list[Floats]:
    cells = Voronoi(points)
    lines = []
    for pair, ends in zip(cells.ridge_points, cells.ridge_vertices, strict=True):
        # A border between two ghosts bounds nothing.
        if min(pair) < seats and min(ends) >= 0:
            lines.append(roughen(cells.vertices[ends], rng, share=0.13, step_m=420.0))
    return lines


def _ghosts(rng: np.random.Generator, land: Geography) -> Floats:
    """Draw seats of the countries all around, so that the outer border wanders like the others."""
    ground = inhabited_land(land)
    step = 5_500.0
    x, y = np.meshgrid(np.arange(-16e3, 117e3, step), np.arange(-16e3, 97e3, step))
    points = np.column_stack([x.ravel(), y.ravel()])
    points += rng.uniform(-0.3, 0.3, points.shape) * step
    far = shapely.distance(shapely.points(points), ground) > step
    off_island = np.hypot(*(points - np.asarray(ISLAND_CENTRE_M)).T) > 11_000.0
    # In the sea ghosts would cut capes off: the coast is the border there.
    on_land = shapely.contains_xy(land.land.buffer(9_000.0), points) | (points[:, 1] < -5_000.0)
    ghosts: Floats = points[far & off_island & on_land]
    return ghosts


def _rings(land: shapely.MultiPolygon) -> list[Floats]:
    return [shapely.get_coordinates(part.exterior) for part in land.geoms]


def _dense(line: Floats) -> Floats:
    return shapely.get_coordinates(shapely.segmentize(shapely.LineString(line), 420.0))


def _owners(land: Geography, points: Floats, faces: Faces, seats: int) -> npt.NDArray[np.int64]:
    """Seat of each face; -1 for the sea and for the countries around."""
    bent = land.bend(points)
    inside = shapely.get_coordinates(shapely.point_on_surface(faces))
    _, nearest = KDTree(bent).query(inside)
    owner = np.asarray(nearest, dtype=np.int64)
    # A rough border may leave a point of a cell nearer to the next seat: the seat decides.
    seat, face = shapely.STRtree(faces).query(shapely.points(bent), predicate="within")
    owner[face] = seat
    rings = [shapely.Polygon(land.bend(_dense(ring))) for ring in _rings(land.land)]
    ground = shapely.union_all(rings)
    shapely.prepare(ground)
    owner[~shapely.contains_xy(ground, inside) | (owner >= seats)] = -1
    return owner


def _cell(faces: Faces) -> shapely.MultiPolygon:
    pieces = shapely.get_parts(shapely.coverage_union_all(faces))
    pieces = pieces[shapely.area(pieces) > _SPECK_M2]
    order = np.argsort(-shapely.area(pieces), kind="stable")
    return shapely.normalize(shapely.MultiPolygon(list(pieces[order])))


def epci_of(settlements: Settlements, number: int) -> int:
    """Return the number in :data:`EPCI` of the intercommunalité of a seat."""
    point = settlements.points[number]
    reach = [
        float(np.hypot(*(point - np.asarray(centre)))) / pull
        if departement == settlements.departement[number]
        else np.inf
        for _, _, departement, centre, pull in EPCI
    ]
    return int(np.argmin(reach))
