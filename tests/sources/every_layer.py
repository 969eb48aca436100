"""A small layer of each format with odd cells in every column, and odd shapes."""

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import lands
import shapely
from every_text import FAULTS
from shapely import LineString
from test_ign_roads import LONG, ROAD

from sdaasp_geo.sources.areas import read_areas
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.bdtopo import read_bdtopo
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.communes import read_communes
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.route500 import read_route500

CRS = lands.CRS
GOOD = 40
ROUTE500 = {
    "VOCATION": "Liaison locale", "NB_CHAUSSE": "1 chaussée", "ETAT": "Revêtu",
    "ACCES": "Libre", "SENS": "Double sens", "LONGUEUR": "0.1",
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """A format: the cells of a sound feature by number, its shape, what reads it."""

    cells: Callable[[int], dict[str, object]]
    shape: Callable[[int], shapely.Geometry]
    read: Callable
    good: int = GOOD

    def frame(self):
        """Sound features, every fault in every column, and shapes that cannot be."""
        rows = [(self.cells(number), self.shape(number)) for number in range(self.good)]
        for column in self.cells(0):
            for fault in (*FAULTS.values(), None):
                number = len(rows)
                rows.append((self.cells(number) | {column: fault}, self.shape(number)))
        rows += [(self.cells(len(rows) + place), shape) for place, shape in enumerate(_odd())]
        rows.append(rows[0])
        told = [{name: _text(cell) for name, cell in cells.items()} for cells, _ in rows]
        return gpd.GeoDataFrame(told, geometry=[shape for _, shape in rows], crs=CRS)


def _text(cell):
    return None if cell is None else str(cell)


def _odd():
    x, y = lands.xy(1, 1)
    return [
        None, shapely.Polygon(), LineString(), lands.point(200, 1), shapely.Point(y, x),
        LineString([(x, y), (x, y)]), LineString([(y, x), (y + 9, x)]),
        shapely.Polygon([(x, y), (x + 9, y + 9), (x + 9, y), (x, y + 9)]),
        shapely.GeometryCollection([lands.point(1, 1)]), lands.box(200, 0, 201, 1),
    ]  # fmt: skip


def _line(number):
    east, north = number % 20, number // 20 / 10
    return LineString([lands.xy(east, north), lands.xy(east + 0.1, north)])


def _box(number):
    east, north = number % 20, number // 20 / 10
    return lands.box(east, north, east + 0.09, north + 0.09)


_COMMUNES, _HALVES = list(lands.SQUARES.items()), list(lands.HALVES.items())


def _commune(number):
    code = _COMMUNES[number][0] if number < len(_COMMUNES) else f"13{number + 100}"
    return {"code_insee": code, "nom_officiel": f"C{number}", "population": 10}


def _commune_shape(number):
    known = number < len(_COMMUNES)
    return lands.box(*_COMMUNES[number][1]) if known else _box(number + 10_000)


def _half(number):
    code = _HALVES[number][0] if number < len(_HALVES) else f"132{number + 10:02}"[:5]
    return {"INSEE_ARM": code, "INSEE_COM": "13055", "NOM": f"N{number}", "POPULATION": 10}


def _half_shape(number):
    return lands.box(*_HALVES[number][1]) if number < len(_HALVES) else _box(number + 10_000)


LAYERS = {
    "read_areas": Layer(
        lambda n: {"code_qp": f"QN{n}", "lib_qp": f"N{n}", "hab": 12},
        _box,
        lambda p: read_areas(p, crs=CRS, columns={"population": "hab"}),
    ),
    "read_arrondissements": Layer(
        _half, _half_shape, lambda p: read_arrondissements(p, crs=CRS), good=2
    ),
    "read_bdtopo": Layer(
        lambda _: {theirs: ROAD[ours] for ours, theirs in LONG.items()},
        _line,
        lambda p: read_bdtopo(p, crs=CRS),
    ),
    "read_chefs_lieux": Layer(
        lambda n: {"code": f"13{n:03}"},
        lambda n: lands.point(n % 20, n // 20),
        lambda p: read_chefs_lieux(p, crs=CRS, columns={"commune": "code"}),
    ),
    "read_communes": Layer(_commune, _commune_shape, lambda p: read_communes(p, crs=CRS), good=5),
    "read_lines": Layer(
        lambda _: {"kind": "tertiary", "oneway": "no", "vmax": "50"},
        _line,
        lambda p: read_lines(
            p, crs=CRS, columns={"road_class": "kind", "oneway": "oneway", "maxspeed": "vmax"}
        ),
    ),
    "read_route500": Layer(lambda _: ROUTE500, _line, lambda p: read_route500(p, crs=CRS)),
}
