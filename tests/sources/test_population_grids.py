"""Squares of Filosofi and population rasters: editions, cuts by communes, nobody lost."""

import gzip
import zipfile

import geopandas as gpd
import lands
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import toy_territory
from sdaasp_geo.errors import InputError
from sdaasp_geo.pipeline import readers
from sdaasp_geo.pipeline.provenance import sha256_of
from sdaasp_geo.sources.cells import origins_of_cells
from sdaasp_geo.sources.filosofi import is_filosofi, read_filosofi
from sdaasp_geo.sources.population_raster import read_population_raster
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ORIGINS
from sdaasp_geo.territory import read_territory

LAEA = Transformer.from_crs(lands.CRS, "EPSG:3035", always_xy=True)
PLACES = lands.places()


def name(east, north, side=200):
    """Name of the square of a side that holds a point given in km of the toy land."""
    x, y = LAEA.transform(*lands.xy(east, north))
    return f"CRS3035RES{side}mN{int(y // side) * side}E{int(x // side) * side}"


def read(path, departement="13", **options):
    return read_filosofi(path, places=PLACES, departement=departement, **options)


EDITIONS = {
    "2021": ("idcar_200m,idcar_1km,i_est_200,i_est_1km,lcog_geo,ind", 200),
    "2017": ("Idcar_200m,Idcar_1km,I_est_200,I_est_1km,lcog_geo,Ind", 200),
    "2015": ("IdINSPIRE,Id_carr1km,I_est_cr,I_est_1km,Depcom,Ind", 200),
    "1km": ("idcar_1km,other,i_est_1km,x,lcog_geo,ind", 1000),
}


def rows_of_edition(side, *rows):
    """Rows (square, imputed, communes, inhabitants) under the columns of an edition."""
    return [
        f"{square},{square},{imputed},0,{communes},{people}"
        for square, imputed, communes, people in rows
    ]


@pytest.mark.parametrize("edition", EDITIONS)
def test_squares_of_every_edition(tmp_path, edition):
    header, side = EDITIONS[edition]
    squares = [name(5, 5, side), name(18, 5, side), name(5, 15, side)]
    rows = [
        (squares[0], 0, "13001", "12.5"),
        (squares[1], 1, "13202", "7"),
        (squares[2], 1, "84001", "3"),
        ("CRS3035RES200mN9E", 1, "13001", "3"),
        (squares[0], 0, "13001", "1"),
        (name(6, 6, side), 0, "13001", "beaucoup"),
    ]
    path = lands.table(tmp_path / "s.csv", header, *rows_of_edition(side, *rows))
    assert is_filosofi(path)
    reading = read(path)
    table = reading.table
    assert schema_faults(table, ORIGINS, file="s") == []
    assert table["origin"].tolist() == squares[:2]
    assert table["population"].tolist() == [12.5, 7.0]
    assert table["unit"].tolist() == ["13001", "13202"]
    assert table["commune"].tolist() == ["13001", "13055"]
    assert table["imputed"].tolist() == [False, True]
    # Within half a diagonal of the point that the square was named after.
    assert table.geometry[0].distance(lands.point(5, 5)) <= side * 0.7072
    assert set(lands.rows_of(reading.rejects)) == {5, 6, 7}
    assert reading.unused[["code", "rows"]].to_numpy().tolist() == [["84", 1]]
    lands.adds_up(reading, 6)


def test_squares_of_a_geopackage_in_the_archive_of_all_lands(tmp_path):
    square = name(5, 5)
    frame = gpd.GeoDataFrame(
        {"idcar_200m": [square], "i_est_200": [1], "lcog_geo": ["13001"], "ind": [4.5]},
        geometry=[shapely.box(0, 0, 200, 200)],
        crs="EPSG:3035",
    )
    frame.to_file(tmp_path / "met.gpkg", layer="carreaux_200m_met")
    payload = (tmp_path / "met.gpkg").read_bytes()
    path = tmp_path / "Filosofi2021_carreaux_200m_gpkg.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for land in ("met", "mart", "reun"):
            archive.writestr(f"carreaux_200m_{land}.gpkg", payload if land == "met" else b"x")
    reading = read(path)
    assert reading.table["population"].tolist() == [4.5]
    assert reading.table["imputed"].tolist() == [True]
    lands.adds_up(reading, 1)
    with pytest.raises(InputError, match=r"Filosofi2021_carreaux_200m_gpkg.zip: expected"):
        read(path, departement="974")


def test_a_square_on_a_border_is_cut_by_the_communes_listed(tmp_path):
    # The square of 1 km around a point on the border of 13001 and 13055 (first half).
    square = name(10, 5, 1000)
    header = EDITIONS["1km"][0]
    both = lands.table(
        tmp_path / "a.csv", header, *rows_of_edition(1000, (square, 0, "1300113055", "11"))
    )
    reading = read(both)
    parts = reading.table.set_index("unit")
    assert set(parts.index) == {"13001", "13201"}
    assert parts["population"].sum() == 11.0
    assert (parts["population"] % 1 == 0).all()
    # The oracle: areas of the intersections, by hand.
    box = gpd.GeoSeries([_box_of(square)], crs="EPSG:3035").to_crs(lands.CRS)[0]
    share = (
        box.intersection(lands.box(0, 0, 10, 10)).area
        / box.intersection(lands.box(0, 0, 30, 10)).area
    )
    assert abs(parts.loc["13001", "population"] - 11 * share) < 1
    assert parts.loc["13001", "origin"] == f"{square}-13001"
    alone = lands.table(
        tmp_path / "b.csv", header, *rows_of_edition(1000, (square, 0, "13001", "11"))
    )
    assert read(alone).table["unit"].tolist() == ["13001"]
    assert read(alone).table["origin"].tolist() == [square]
    unknown = lands.table(
        tmp_path / "c.csv", header, *rows_of_edition(1000, (square, 2, "1305", "11"))
    )
    reading = read(unknown)
    assert len(reading.table) == 2
    assert reading.flags["reason"].tolist() == [
        "expected 0 or 1: taken as not imputed",
        "expected codes of 5 characters: the communes are those that the square overlies",
    ]


def _box_of(square):
    side, rest = square.removeprefix("CRS3035RES").split("mN")
    north, east = map(int, rest.split("E"))
    return shapely.box(east, north, east + int(side), north + int(side))


def test_inhabitants_beyond_the_departement_are_told(tmp_path):
    square = name(5, 10, 1000)
    row = rows_of_edition(1000, (square, 0, "1300184001", "10"))
    reading = read(lands.table(tmp_path / "a.csv", EDITIONS["1km"][0], *row))
    inside = reading.table["population"].sum()
    assert 0 < inside < 10
    assert reading.flags["reason"].tolist() == [
        f"{10 - inside:g} inhabitants live outside the département"
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a;b", "columns 'ind' and one of idcar_200m"),
        ("idcar_200m;men", "columns 'ind' and one of idcar_200m"),
    ],
)
def test_faults_of_squares(tmp_path, header, expected):
    path = lands.table(tmp_path / "a.csv", header, "1;2")
    assert not is_filosofi(path)
    with pytest.raises(InputError, match=f"a.csv: expected {expected}"):
        read(path)
    far = lands.table(tmp_path / "b.csv", "idcar_200m,ind", f"{name(5, 300)},3")
    with pytest.raises(InputError, match="at least one inhabited place in the département 13"):
        read(far)


@st.composite
def cells(draw):
    """Rectangles over the toy land, with inhabitants."""
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        east, north = draw(st.integers(-30, 330)) / 10, draw(st.integers(-30, 230)) / 10
        size = draw(st.sampled_from([0.2, 1.0, 4.0, 25.0]))
        people = draw(st.sampled_from([0.0, 0.4, 1.0, 2.0, 7.0, 12.5, 1000.0, 12345.6]))
        rows.append((lands.box(east, north, east + size, north + size), people))
    frame = gpd.GeoDataFrame(
        {"origin": [f"c{n}" for n in range(len(rows))], "population": [row[1] for row in rows]},
        geometry=[row[0] for row in rows],
        crs=lands.CRS,
        index=pd.RangeIndex(2, len(rows) + 2, name="row"),
    )
    return frame.assign(middle=frame.geometry.centroid)


@settings(deadline=None, max_examples=6)
@given(cells=cells(), shores=st.booleans())
def test_nobody_is_lost_when_cells_are_cut(cells, shores):
    before = cells.copy(deep=True)
    every = {}
    for departement in ("13", "84"):
        notes = Notes("c")
        table = origins_of_cells(cells, PLACES, departement, notes, shores=shores)
        reading = notes.close(table, len(cells))
        every[departement] = table
        assert reading.rows_read == len(set(table["origin"].str.split("-").str[0])) + int(
            reading.unused["rows"].sum()
        )
        assert (table["population"] >= 0).all()
    pd.testing.assert_frame_equal(cells, before)
    # Both départements together hold each cell, to the unit and to the last digit.
    whole = pd.concat(every.values())
    found = whole.groupby(whole["origin"].str.split("-").str[0])["population"].sum()
    expected = cells.set_index("origin")["population"]
    np.testing.assert_allclose(found, expected[found.index], rtol=1e-12)
    nowhere = expected.index.difference(found.index)
    outlines = PLACES.units.geometry.union_all()
    beyond = cells.set_index("origin").geometry[nowhere]
    assert (beyond.intersection(outlines).area < 1.0).all()
    finest = PLACES.finest_units().geometry
    # A part holds its share of the whole inhabitants, rounded up or down.
    for row in cells.itertuples():
        area = {unit: shape.intersection(row.geometry).area for unit, shape in finest.items()}
        area = {unit: size for unit, size in area.items() if size > 1.0}
        parts = whole[whole["origin"].str.split("-").str[0] == row.origin]
        if len(area) > 1:
            share = parts["unit"].map(area) / sum(area.values()) * np.floor(row.population)
            assert (abs(parts["population"] - share) < 2).all()
            assert sorted(parts["unit"]) == sorted(area)


def raster(path, people, *, west=0.0, north=20.0, cell_km=1.0, crs=lands.CRS, **profile):
    """Write a raster whose north-west corner is told in km of the toy land."""
    values = np.asarray(people)
    x, y = lands.xy(west, north)
    transform = rasterio.Affine(cell_km * 1000, 0, x, 0, -cell_km * 1000, y)
    profile = {"nodata": -200.0, "dtype": "float32", "crs": crs, "transform": transform} | profile
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, **profile
    ) as file:
        file.write(values.astype(profile["dtype"]), 1)
    return path


def read_raster(path, **options):
    return read_population_raster(path, places=PLACES, departement="13", **options)


def grid():
    """Cells of 10 km on the communes of the toy land: north row of 84, south row of 13."""
    people = np.full((2, 3), -200.0)
    people[0, 0] = 5.5
    people[1] = [8.25, 100.0, 0.0]
    return people


def test_cells_of_a_raster(tmp_path):
    path = raster(tmp_path / "p.tif", grid(), cell_km=10.0)
    reading = read_raster(path)
    table = reading.table.set_index("unit")
    assert schema_faults(reading.table, ORIGINS, file="p") == []
    assert table["population"].to_dict() == {"13001": 8.25, "13201": 50.0, "13202": 50.0}
    assert table["origin"].tolist() == ["cell-4", "cell-5-13201", "cell-5-13202"]
    assert table.geometry["13001"].distance(lands.point(5, 5)) < 1e-3
    assert table.geometry["13202"].distance(lands.point(17.5, 5)) < 1e-3
    unused = reading.unused.groupby("reason")["rows"].sum().to_dict()
    assert unused == {"no data in the cell": 2, "no inhabitant": 1, "outside the département 13": 1}
    assert reading.rows_read == 6
    assert reading.rows_kept == 2
    packed = tmp_path / "p.tif.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    pd.testing.assert_frame_equal(read_raster(packed).table, reading.table)


def test_merged_cells_hold_the_same_inhabitants(tmp_path):
    people = np.arange(1200, dtype=float).reshape(30, 40) % 7 / 4
    path = raster(tmp_path / "p.tif", people, west=-2.0, north=15.0)
    fine, coarse = read_raster(path), read_raster(path, merge=5)
    beyond = {}
    for key, reading in {"fine": fine, "coarse": coarse}.items():
        outside = reading.flags["reason"].str.extract(r"^([\d.e+]+)")[0].astype(float).sum()
        beyond[key] = reading.table["population"].sum(), outside
        assert reading.rows_read == reading.rows_kept + reading.unused["rows"].sum()
    # The département fills y from 0 to 10 km: no cell of 1 km crosses its limits; of 5 km,
    # those at the ends of the raster (x from -2 km) do.
    whole = people[5:15, 2:32].sum()
    assert beyond["fine"][0] == pytest.approx(whole)
    assert len(coarse.table) < len(fine.table) / 10
    assert beyond["coarse"][0] >= whole
    assert beyond["fine"][1] == 0


def test_a_raster_in_degrees(tmp_path):
    west, south = lands.lonlat(1, 1)
    values = np.array([[3.0]])
    with rasterio.open(
        tmp_path / "p.tif",
        "w",
        driver="GTiff",
        height=1,
        width=1,
        count=1,
        dtype="float64",
        crs="EPSG:4326",
        transform=rasterio.Affine(0.01, 0, west, 0, -0.01, south + 0.01),
    ) as file:
        file.write(values, 1)
    table = read_raster(tmp_path / "p.tif").table
    assert table["population"].tolist() == [3.0]
    assert (
        table.geometry[0].distance(
            gpd.GeoSeries([shapely.Point(west + 0.005, south + 0.005)], crs=4326).to_crs(lands.CRS)[
                0
            ]
        )
        < 1.0
    )


def test_wrong_cells_are_rejected(tmp_path):
    people = grid()
    people[1, 0] = -1.0
    people[0, 0] = np.inf
    reading = read_raster(raster(tmp_path / "p.tif", people, cell_km=10.0))
    assert set(lands.rows_of(reading.rejects)) == {1, 4}
    assert len(reading.rejects) + reading.rows_kept + reading.unused["rows"].sum() == 6


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"crs": None}, "a coordinate system, found a raster without CRS"),
        ({"west": 900.0}, "a raster that covers the département, found one of"),
        ({"dtype": "complex64", "nodata": None}, "a grid of numbers, found complex64"),
    ],
)
def test_faults_of_a_raster(tmp_path, options, expected):
    path = raster(tmp_path / "p.tif", grid(), cell_km=10.0, **options)
    with pytest.raises(InputError, match=f"p.tif: expected {expected}"):
        read_raster(path)


def test_other_faults_of_a_raster(tmp_path):
    path = raster(tmp_path / "p.tif", grid(), cell_km=10.0)
    with pytest.raises(InputError, match="a band 2, found 1 of them"):
        read_raster(path, band=2)
    with pytest.raises(InputError, match="at least one inhabited place in the département 13"):
        read_raster(raster(tmp_path / "q.tif", np.zeros((2, 3)), cell_km=10.0))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=r"p.tif: expected a raster of inhabitants \(GeoTIFF\)"):
        read_raster(path)
    with pytest.raises(InputError, match="no such file"):
        read_raster(tmp_path / "none.tif")


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(
                [name(5, 5), name(10, 5), name(29.95, 5), name(5, 9.95), name(5, 500), "x", ""]
            ),
            st.sampled_from(["0", "1", "2", ""]),
            st.sampled_from(["13001", "1300113055", "99999", "1300", ""]),
            st.sampled_from(["1", "2,5", "1 234", "NA", "-1", "", "1e3"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_square_is_lost(tmp_path, rows):
    written = [
        f"{square};{square};{imputed};0;{communes};{people}"
        for square, imputed, communes, people in rows
    ]
    header = EDITIONS["2021"][0].replace(",", ";")
    path = lands.table(tmp_path / "s.csv", header, *written)
    # One row that is sure to be kept: a file without any is refused.
    with path.open("a") as file:
        file.write(f"{name(7, 7)};x;0;0;13001;1\n")
    reading = read(path)
    kept = reading.table["origin"].str.split("-").str[0].nunique()
    assert reading.rows_read == len(rows) + 1
    assert reading.rows_kept == kept


@pytest.mark.parametrize("system", ["5035", "30358", "4326", "5701"])
def test_a_square_of_no_metric_system_is_rejected(tmp_path, system):
    """Codes that nobody gave away, one in degrees, one of heights: a digit changed, perhaps."""
    odd = name(7, 7).replace("CRS3035", f"CRS{system}")
    rows = rows_of_edition(200, (name(5, 5), 0, "13001", 4), (odd, 0, "13001", 7))
    reading = read(lands.table(tmp_path / "s.csv", EDITIONS["2021"][0], *rows))
    assert reading.rejects[["row", "value", "reason"]].to_numpy().tolist() == [
        [3, odd, "coordinates in no known system"]
    ]
    assert reading.table["population"].tolist() == [4.0]


def test_a_territory_file_names_squares_or_a_raster(tmp_path):
    toml = toy_territory.TOML.replace('departement = "01"', 'departement = "13"')
    section = '[origins]\nkind = "squares"\nsize_m = 1000\nmerge = 2\npath = "{}"\n'
    raster(tmp_path / "p.tif", np.ones((10, 10)), north=10.0)
    header = EDITIONS["2021"][0]
    squares = lands.table(
        tmp_path / "s.csv", header, *rows_of_edition(200, (name(5, 5), 1, "13001", 4))
    )
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.write(squares, "carreaux_200m_met.csv")
    for file, people in {"p.tif": 100.0, "s.csv": 4.0, "s.zip/carreaux_200m_met.csv": 4.0}.items():
        (tmp_path / "t.toml").write_text(toml + section.format(file), encoding="utf-8")
        territory = read_territory(tmp_path / "t.toml")
        found = readers.origins(territory, PLACES).table
        assert found["population"].sum() == people
        assert ("imputed" in found) == (file != "p.tif")
    # Both say their side themselves; a file of other columns does not.
    for file in ("p.tif", "s.csv"):
        untold = section.format(file).replace("size_m = 1000\n", "")
        (tmp_path / "t.toml").write_text(toml + untold, encoding="utf-8")
        assert len(readers.origins(read_territory(tmp_path / "t.toml"), PLACES).table)
    other = untold.replace("s.csv", "o.csv").replace("merge = 2\n", "")
    (tmp_path / "t.toml").write_text(toml + other, encoding="utf-8")
    (tmp_path / "o.csv").write_text("id,ind,x,y\n", encoding="utf-8")
    with pytest.raises(InputError, match="origins.size_m.*the side of the squares in metres"):
        readers.origins(read_territory(tmp_path / "t.toml"), PLACES)
    # Four cells of 1 km are one of 2 km; what is read of an archive is known by the archive.
    (tmp_path / "t.toml").write_text(toml + section.format("p.tif"), encoding="utf-8")
    assert len(readers.origins(read_territory(tmp_path / "t.toml"), PLACES).table) == 25
    member = tmp_path / "s.zip" / "carreaux_200m_met.csv"
    assert sha256_of(member) == sha256_of(tmp_path / "s.zip")
