"""Small files in the exact forms of the official ones, of a town of two communes."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile

import openpyxl
import osmium
import pandas as pd
from osmium.osm.mutable import Node, Way
from pyproj import Transformer

# The communes stand side by side, a hundredth of a degree (1.1 km by .8 km) each.
WEST, SOUTH, STEP = 5.0, 43.5, 0.01
EPCI = "200054807"
QPV = "GEOJSON/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"
_TO_LAMBERT = Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)
_TO_LAEA = Transformer.from_crs("EPSG:4326", "EPSG:3035", always_xy=True)


def corner(across, up):
    return [WEST + across * STEP, SOUTH + up * STEP]


def square(across, up=0.0, side=1.0):
    """Outline of a square, in steps from the south-west."""
    places = ((0, 0), (side, 0), (side, side), (0, side), (0, 0))
    ring = [corner(across + x, up + y) for x, y in places]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features):
    more = {"numberMatched": len(features), "numberReturned": len(features)}
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def zipped(members):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


def tarred(members):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bz2.compress(memory.getvalue())


def workbook(sheets, above=5):
    """Workbook whose tables stand below some lines of title."""
    book, memory = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in [*([["Insee"]] * above), *rows]:
            sheet.append(row)
    book.save(memory)
    return memory.getvalue()


def lines(*rows):
    return "\n".join([*rows, ""]).encode()


def communes():
    return collection(
        *[
            feature(
                square(number - 1),
                code_insee=f"1300{number}",
                nom_officiel=f"Commune {number}",
                code_insee_du_departement="13",
                population=100 * number,
                codes_siren_des_epci=EPCI,
            )
            for number in (1, 2)
        ]
    )


def chefs_lieux():
    places = {"13001": corner(0.5, 0.5), "13002": corner(1.5, 0.5)}
    return collection(
        *[
            feature({"type": "Point", "coordinates": at}, code_insee=code)
            for code, at in places.items()
        ]
    )


def contours():
    """The same communes as Etalab's, without inhabitants."""
    named = [feature(square(n - 1), code=f"1300{n}", nom=f"Commune {n}", epci=EPCI) for n in (1, 2)]
    return gzip.compress(collection(*named))


def bpe():
    """Two pharmacies, a doctor, a brigade, and what other files list too, in the form of 2025."""
    kinds = ["D307", "D307", "D265", "A104", "A120", "A122", "A206", "D108"]
    degrees = [corner(0.5, 0.5)] + [corner(1.5, 0.5)] * 7
    x, y = _TO_LAMBERT.transform(*zip(*degrees, strict=True))
    table = pd.DataFrame(
        {
            "AN": "2025",
            "DEPCOM": ["13001"] + ["13002"] * 7,
            "TYPEQU": kinds,
            "LAMBERT_X": x,
            "LAMBERT_Y": y,
            "LONGITUDE": [place[0] for place in degrees],
            "LATITUDE": [place[1] for place in degrees],
            "QUALITE_XY": "B",
        }
    )
    memory = io.BytesIO()
    table.to_parquet(memory)
    return memory.getvalue()


def bpe_counts():
    head = '"BPE_MEASURE";"FACILITY_DOM";"FACILITY_SDOM";"FACILITY_TYPE";"GEO";"GEO_OBJECT";'
    rows = ['"FACILITIES";"D";"D3";"D307";"13001";"COM";2025;3',
            '"FACILITIES";"_T";"_T";"_T";"13001";"COM";2025;3']  # fmt: skip
    data = lines(f'{head}"TIME_PERIOD";"OBS_VALUE"', *rows)
    return zipped({"DS_BPE_2025_data.csv": data, "DS_BPE_2025_metadata.csv": b"a;b\n1;2\n"})


def movements():
    header = (
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,"
        "TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,NCCENR_AP,LIBELLE_AP"
    )
    merged = "32,2019-01-01,COM,{},0,N,N,Av,COM,13002,0,N,N,Ap"
    return lines(header, merged.format("13002"), merged.format("13009"))


def populations():
    header = '"GEO";"GEO_OBJECT";"FREQ";"POPREF_MEASURE";"TIME_PERIOD";"OBS_VALUE"'
    rows = [f'"1300{n}";"COM";"A";"PMUN";"2023";{1000 * n}' for n in (1, 2)]
    name = "DS_POPULATIONS_REFERENCE"
    return zipped(
        {f"{name}_data.csv": lines(header, *rows), f"{name}_metadata.csv": b"A;B\nGEO;1\n"}
    )


def appartenance():
    header = ["CODGEO", "LIBGEO", "DEP", "EPCI", "CV", "ZE2020", "UU2020", "AAV2020", "BV2022"]
    row = [EPCI, "1312", "9312", "00759", "003", "13001"]
    rows = [[f"1300{n}", f"Commune {n}", "13", *row] for n in (1, 2)]
    names = [["NIVGEO", "CODGEO", "LIBGEO"], ["BV2022", "13001", "Bassin d'Un"],
             ["EPCI", EPCI, "Métropole d'Un"]]  # fmt: skip
    book = workbook({"COM": [header, *rows], "Zones_supra_communales": names})
    return zipped({"table-appartenance-geo-communes-2026.xlsx": book})


def epci():
    header = ["CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG"]
    rows = [[f"1300{n}", f"Commune {n}", EPCI, "Métropole d'Un", "13", "93"] for n in (1, 2)]
    book = workbook(
        {"EPCI": [["EPCI", "LIBEPCI"], [EPCI, "Métropole d'Un"]],
         "Composition_communale": [header, *rows]}
    )  # fmt: skip
    return zipped({"epci_au_01-01-2026.xlsx": book})


def densite():
    rows = [["CODGEO", "LIBGEO", "DENS", "LIBDENS", "PMUN21"]]
    rows += [[f"1300{n}", f"Commune {n}", n + 3, "Bourgs ruraux", 100] for n in (1, 2)]
    return workbook({"Grille_Densite": rows}, above=4)


def qpv():
    """The archive, with the same areas twice: a reader would not know which to take."""
    area = feature(square(1.25, 0.25, 0.5), code_qp="QN01301M", lib_qp="Centre")
    return zipped(
        {QPV: collection(area), "GEOJSON/QP2024_France_hexagonale_LB93.geojson": collection(area)}
    )


def carreaux():
    """One square of 200 m in the middle of each commune, of two lands in one archive."""
    header = "idcar_200m,idcar_1km,i_est_200,i_est_1km,lcog_geo,ind"
    rows = []
    for number in (1, 2):
        x, y = _TO_LAEA.transform(*corner(number - 0.5, 0.5))
        name = f"CRS3035RES200mN{int(y // 200) * 200}E{int(x // 200) * 200}"
        rows.append(f"{name},{name},0,0,1300{number},{10 * number}.5")
    return zipped(
        {"carreaux_200m_met.csv": lines(header, *rows), "carreaux_200m_mart.csv": lines(header)}
    )


def extract(folder):
    """Streets in a grid of a hundred crossings over both communes."""
    path, side = folder / "streets.osm.pbf", range(10)
    tags = {"highway": "secondary", "maxspeed": "50"}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number in range(100):
            place = corner(number % 10 / 5 + 0.1, number // 10 / 10 + 0.05)
            writer.add_node(Node(id=number + 1, location=place))
        for row in side:
            along = [10 * row + step + 1 for step in side]
            across = [10 * step + row + 1 for step in side]
            writer.add_way(Way(id=2 * row + 1, nodes=along, tags=tags))
            writer.add_way(Way(id=2 * row + 2, nodes=across, tags=tags))
    return path.read_bytes()


def annuaire():
    """A desk of each kind in the second commune."""
    kinds = [
        "caf",
        "cpam",
        "msa",
        "carsat",
        "mds",
        "france_travail",
        "sip",
        "gendarmerie",
        "mairie",
    ]
    lon, lat = map(str, corner(1.5, 0.5))
    desks = [
        {
            "id": f"desk-{kind}",
            "nom": kind,
            "pivot": [{"type_service_local": kind, "code_insee_commune": ["13002"]}],
            "adresse": [{"type_adresse": "Adresse", "longitude": lon, "latitude": lat}],
            "plage_ouverture": [],
        }
        for kind in kinds
    ]
    content = json.dumps({"service": desks}).encode()
    others = zipped({"13002.json": b"{}"})
    return tarred(
        {
            "2026-07-01_050014-data.gouv_local.json": content,
            "2026-07-01_050014-data.gouv_commune.zip": others,
        }
    )


def finess():
    """A health centre and a place of family planning, as the register has them."""
    x, y = _TO_LAMBERT.transform(*corner(0.5, 0.5))
    rows = ["finess;etalab;95;2026-05-04"]
    for number, category in (("130000001", "124"), ("130000002", "228")):
        fields = [""] * 32
        told = {0: "structureet", 1: number, 3: "CENTRE", 4: "CENTRE D'UN", 12: "001", 13: "13",
                18: category, 19: "Centre"}  # fmt: skip
        for place, value in told.items():
            fields[place] = value
        rows.append(";".join(fields))
    system = "1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)"
    rows += [f"geolocalisation;13000000{n};{x};{y};{system};2026-05-04" for n in (1, 2)]
    return lines(*rows)


def laposte():
    at = ";".join(map(str, corner(0.5, 0.5)))
    header = "#Identifiant_du_site;Libellé_du_site;Caractéristique_du_site;Code_INSEE"
    return lines(f"{header};Longitude;Latitude", f"A1;POSTE;Bureau de Poste;13001;{at}")


def france_services():
    at = ",".join(map(str, corner(1.5, 0.5)))
    return lines("id_fs,lib_fs,insee_com,longitude,latitude", f"1,France services,13002,{at}")


def bodies(folder):
    """Every file by its kind; those that have no file here are told by what lacks."""
    streets = extract(folder)
    return {
        "bpe": bpe(),
        "bpe_counts": bpe_counts(),
        "communes": communes(),
        "contours": contours(),
        "chefs_lieux": chefs_lieux(),
        "movements": movements(),
        "populations": populations(),
        "appartenance": appartenance(),
        "epci": epci(),
        "densite": densite(),
        "qpv": qpv(),
        "carreaux_200m": carreaux(),
        "osm": streets,
        # Extracts overlap at their limits: here wholly.
        "osm_around": streets,
        "bdtopo": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "annuaire": annuaire(),
        "finess": finess(),
        "laposte": laposte(),
        "france_services": france_services(),
    }
