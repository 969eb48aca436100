"""BPE counts, operators, La Poste, France Services."""

import lands
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.operators import ELSEWHERE, OperatorForm, read_operators
from sdaasp_geo.sources.sites import read_sites
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES, SITES

COUNT_HEAD = "DEPCOM;TYPEQU;NB_EQUIP"
COLUMNS = {"service": "service", "facility": "id", "commune": "insee", "lon": "lon", "lat": "lat"}
HEAD = "service,id,insee,lon,lat,nom,an"


def counts(tmp_path, *rows, **options):
    path = lands.table(tmp_path / "counts.csv", COUNT_HEAD, *rows)
    return read_bpe_counts(path, study=lands.study(), basket=lands.BASKET, **options)


def test_counts_stand_at_the_chef_lieu(tmp_path):
    reading = counts(tmp_path, "13001;D301;4", "13202;A203;3.0", "13999;D201;2", vintage=2013)
    table = reading.table
    assert schema_faults(table, FACILITIES, file="c") == []
    assert table["facility"].tolist() == ["13001-D301", "13202-A203", "13999-D201"]
    assert table["service"].tolist() == ["pharmacie", "banque", "medecin_generaliste"]
    assert table["count"].tolist() == [4, 3, 2]
    assert table["unit"].tolist() == ["13001", "13202", "13001"]
    assert table["commune"].tolist() == ["13001", "13055", "13001"]
    assert set(table["position_quality"]) == set(table["known_by"]) == {"commune"}
    assert set(table["vintage"]) == {"2013"}
    assert table.geometry[0].equals(lands.point(5, 5))
    assert reading.flags.empty


def test_counts_left_out(tmp_path):
    reading = counts(
        tmp_path,
        "13001;D301;1",
        "13001;D301;2",  # repeated
        "13003;D301;0",
        "13003;D201;-1",
        "13003;A203;deux",
        "13003;A206;1.5",
        "13003;A207;",
        "13777;D301;1",  # unknown
        "84099;D301;1",  # outside
        "13001;C101;9",  # no service
        "13001;;9",
    )
    whole = "expected a whole number of facilities, 0 or more"
    assert lands.rows_of(reading.rejects) == {
        3: "a repetition of an earlier row",
        5: whole,
        6: whole,
        7: whole,
        8: whole,
        9: "unknown commune code",
        12: "no code of a service",
    }
    reasons = reading.unused.groupby("reason")["rows"].sum().to_dict()
    assert reasons == {
        "a count of 0": 1,
        "outside the study area": 1,
        "no service of the basket has this code": 1,
    }
    lands.adds_up(reading, 11)


def operators(tmp_path, *rows, columns=COLUMNS, head=HEAD, services=None, vintage=None, **form):
    path = lands.table(tmp_path / "operators.csv", head, *rows)
    form = OperatorForm(columns, services or {"caf": "point_accueil_caf"}, **form)
    return read_operators(
        path, study=lands.study(), basket=lands.BASKET, form=form, vintage=vintage
    )


def line(service="caf", name="caf-1", code="13001", east=5, north=5):
    return ",".join([service, name, code, *lands.degrees(east, north), "Été", "2016"])


def test_operators_are_mapped_to_services(tmp_path):
    reading = operators(
        tmp_path,
        line(),
        line("pole_emploi", "pe-1", "13003", 25, 5),
        line("mairie", "m-1"),
        line("caf", "", "13003", 25, 5),
        line("caf", "caf-1", "13003", 25, 5),
        vintage=2016,
    )
    table = reading.table
    assert schema_faults(table, FACILITIES, file="o") == []
    assert table["facility"].tolist() == ["caf-1", "pe-1", "row-5"]
    assert table["service"].tolist() == ["point_accueil_caf", "pole_emploi", "point_accueil_caf"]
    assert set(table["vintage"]) == {"2016"}
    assert reading.unused["code"].tolist() == ["mairie"]
    assert lands.rows_of(reading.rejects) == {6: ELSEWHERE}
    lands.adds_up(reading, 5)


def test_optional_columns_and_own_coordinates(tmp_path):
    columns = {"service": "s", "x": "X", "y": "Y", "name": "n", "vintage": "v"}
    x, y = lands.xy(12, 5)
    reading = operators(
        tmp_path, f"caf;{x};{y};Été;2015", f"caf;{x};{y};;", head="s;X;Y;n;v", columns=columns,
        separator=";", vintage=2016,
    )  # fmt: skip
    table = reading.table
    assert table["unit"].tolist() == ["13201", "13201"]
    assert table["name"].fillna("-").tolist() == ["Été", "-"]
    assert table["vintage"].tolist() == ["2015", "2016"]
    assert table.geometry[0].equals(lands.point(12, 5))
    assert "no commune code: placed by its position" in set(reading.flags["reason"])


def test_commune_codes_alone_are_enough(tmp_path):
    columns = {"service": "service", "commune": "insee"}
    reading = operators(tmp_path, line(), columns=columns, place_by="commune")
    assert reading.table["known_by"].tolist() == ["commune"]
    assert reading.flags.empty


def test_far_points_are_told_though_nobody_wants_the_service(tmp_path):
    home = [line("mairie", f"m-{number}") for number in range(4)]
    reading = operators(
        tmp_path, *home, line("mairie", "m", east=13), line("mairie", "n", east=400)
    )
    assert lands.rows_of(reading.flags) == {6: "3.0 km from its commune 13001"}
    assert lands.rows_of(reading.rejects) == {7: "390 km from its commune 13001"}
    assert reading.unused["rows"].tolist() == [5]


@pytest.mark.parametrize(
    ("columns", "services", "expected"),
    [
        ({"service": "service"}, {}, "a commune code, or one pair of coordinates.*found neither"),
        ({"service": "service", "lon": "lon"}, {}, "lon and lat, or x and y, found lon"),
        (COLUMNS | {"x": "lon", "y": "lat"}, {}, "one pair of coordinates"),
        (COLUMNS | {"latitude": "lat"}, {}, "columns.latitude.*did you mean 'lat'"),
        (COLUMNS, {"caf": "point_acueil_caf"}, "services.caf.*did you mean 'point_accueil_caf'"),
        (COLUMNS | {"facility": "ident"}, {}, "'ident': expected this column"),
    ],
)
def test_faults_of_the_form(tmp_path, columns, services, expected):
    with pytest.raises(InputError, match=expected):
        operators(tmp_path, line(), columns=columns, services=services)


def test_the_wrong_separator_is_told(tmp_path):
    with pytest.raises(InputError, match=r"separated by ','.*this file is cut by ';'"):
        operators(tmp_path, line().replace(",", ";"), head=HEAD.replace(",", ";"), separator=",")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_found_out(tmp_path, separator):
    head = HEAD.replace(",", separator)
    reading = operators(tmp_path, line().replace(",", separator), head=head)
    assert reading.table["facility"].tolist() == ["caf-1"]


def test_one_service_for_all_rows(tmp_path):
    columns = {key: value for key, value in COLUMNS.items() if key != "service"}
    reading = operators(
        tmp_path, line("Agence", "a"), line("", "b", "13003", 25, 5), columns=columns,
        service="pole_emploi",
    )  # fmt: skip
    assert reading.table["service"].tolist() == ["pole_emploi"] * 2
    with pytest.raises(InputError, match="one service for all rows.*found both"):
        operators(tmp_path, line(), service="pole_emploi")
    with pytest.raises(InputError, match="column 'service'.*did you mean 'pole_emploi'"):
        operators(tmp_path, line(), columns=columns, service="pole_emplois")


def test_names_of_services_in_any_spelling(tmp_path):
    rows = [
        line("CAF", "a"),
        line("Pôle emploi", "b", east=6),
        line("POLE-EMPLOI", "c", east=7),
        line("cafe", "d"),
    ]
    reading = operators(tmp_path, *rows)
    assert reading.table["service"].tolist() == ["point_accueil_caf", *["pole_emploi"] * 2]
    assert reading.unused["code"].tolist() == ["cafe"]


DATED = COLUMNS | {"closed": "fin", "opened": "debut"}


@pytest.mark.parametrize(
    ("vintage", "kept"), [(2016, ["a", "c"]), (2020, ["a", "e"]), (None, ["a", "e"])]
)
def test_places_closed_or_not_open_yet(tmp_path, vintage, kept):
    rows = [
        line("caf", "a") + ",,",
        line("caf", "b", east=6) + ",2015-06-30,",
        line("caf", "c", east=7) + ",31/12/2019,01/01/2010",
        line("caf", "d", east=8) + ",bientôt,",
        line("caf", "e", east=4) + ",,2018",
    ]
    reading = operators(tmp_path, *rows, head=f"{HEAD},fin,debut", columns=DATED, vintage=vintage)
    assert reading.table["facility"].tolist() == kept
    assert lands.rows_of(reading.rejects) == {5: "a date that cannot be read"}
    assert set(reading.unused["reason"]) <= {
        "closed by the vintage of the file",
        "not open yet at the vintage of the file",
    }
    lands.adds_up(reading, 5)


def test_places_listed_twice_are_flagged(tmp_path):
    columns = COLUMNS | {"name": "nom"}
    rows = [
        "caf,a,13001,{},{},CAF d'Arles,".format(*lands.degrees(5, 5)),
        "caf,b,13001,{},{},CAF d’ARLES,".format(*lands.degrees(5, 5)),
        "caf,c,13001,{},{},Autre,".format(*lands.degrees(5, 5)),
        "cpam,d,13001,{},{},CAF d'Arles,".format(*lands.degrees(5, 5)),
        "caf,e,13001,{},{},CAF d'Arles,".format(*lands.degrees(7, 5)),
    ]
    services = {"caf": "point_accueil_caf", "cpam": "point_accueil_cpam"}
    reading = operators(tmp_path, *rows, columns=columns, services=services)
    assert len(reading.table) == 5
    assert lands.rows_of(reading.flags) == {
        3: "same service at the same place as row 2: perhaps one and the same",
        6: "same service and name in one commune as row 2: perhaps one and the same",
    }


def test_communes_known_by_name(tmp_path):
    columns = {"service": "s", "city": "ville", "postcode": "cp"}
    rows = ["caf,COMMUNE-13001,13000", "caf,commune 13003,", "caf,Commune 84001,13000",
            "caf,Ailleurs,13000", "caf,,13000"]  # fmt: skip
    reading = operators(tmp_path, *rows, head="s,ville,cp", columns=columns)
    assert reading.table["unit"].tolist() == ["13001", "13003"]
    named = reading.flags[reading.flags["reason"].str.contains("known by the name")]
    assert named[["row", "value"]].to_numpy().tolist() == [
        [2, "COMMUNE-13001"], [3, "commune 13003"],
    ]  # fmt: skip
    assert set(reading.rejects["reason"]) == {"no commune code"}
    lands.adds_up(reading, 5)


CELLS = st.tuples(
    st.sampled_from(["caf", "mairie", "pole_emploi", ""]),
    st.sampled_from(["a", "b", "c", ""]),
    st.sampled_from(["13001", "13003", "13055", "13777", "84099", "75056", "1301", "x", ""]),
    st.sampled_from([*lands.degrees(5, 5), *lands.degrees(400, 5), "nan", "-inf", "12e", "0", ""]),
    st.sampled_from([*lands.degrees(5, 5), *lands.degrees(5, 100), "nan", "95", "0", ""]),
)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=st.lists(CELLS, max_size=10), place_by=st.sampled_from(["position", "commune"]))
def test_every_row_is_somewhere_once(tmp_path, cells, place_by):
    home = [line(name=f"home-{number}") for number in range(40)]
    rows = [",".join([*item, "Été", ""]) for item in cells]
    reading = operators(tmp_path, *home, *rows, place_by=place_by)
    lands.adds_up(reading, 40 + len(cells))
    assert reading.table.drop_duplicates(["facility", "service"]).shape[0] == len(reading.table)
    assert schema_faults(reading.table, FACILITIES, file="o") == []


POSTE_HEAD = (
    "#Identifiant_du_site;Libellé_du_site;Caractéristique_du_site;Code_INSEE;Latitude;Longitude"
)


def post(number, kind="Bureau de Poste", code="13001", east=5, north=5):
    lon, lat = lands.degrees(east, north)
    return f"{number};BP {number};{kind};{code};{lat};{lon}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("head", [POSTE_HEAD, POSTE_HEAD.removeprefix("#")])
def test_laposte(tmp_path, encoding, head):
    rows = [
        post("1A"),
        post("2A", "Agence postale communale", "13003", 25, 5),
        post("3A", "Relais poste commerçant", "13201", 12, 5),
        post("4A", "Agence postale militaire"),
        post("1A"),
        "6A;BP;Bureau de Poste;13001;;",
    ]
    path = lands.table(tmp_path / "poste.csv", head, *rows, encoding=encoding)
    reading = read_laposte(path, study=lands.study(), basket=lands.BASKET, vintage=2024)
    table = reading.table
    assert schema_faults(table, FACILITIES, file="p") == []
    assert table["facility"].tolist() == ["1A", "2A", "3A", "6A"]
    assert set(table["service"]) == {"bureau_de_poste"}
    assert table["name"].tolist() == ["BP 1A", "BP 2A", "BP 3A", "BP"]
    assert table["known_by"].tolist() == ["position"] * 3 + ["commune"]
    assert reading.unused["code"].tolist() == ["Agence postale militaire"]
    assert lands.rows_of(reading.rejects) == {6: "a repetition of an earlier row"}
    lands.adds_up(reading, 6)


def test_laposte_by_the_names_of_its_interface_and_its_precision(tmp_path):
    head = "identifiant_a,libelle_du_site,caracteristique_du_site,code_insee,latitude,longitude,precision_du_geocodage"
    lon, lat = lands.degrees(5, 5)
    rows = [
        f"1A,BP,bureau de poste,13001,{lat},{lon},Géocodé au numéro",
        "2A,AP,Agence Postale Communale,13003,{},{},Géocodé au milieu de la rue".format(
            *reversed(lands.degrees(25, 5))
        ),
        "3A,RP,Relais poste,13202,{},{},Géocodé au centre de la commune".format(
            *reversed(lands.degrees(18, 5))
        ),
        f"4A,BP,Bureau de Poste,13001,{lat},{lon},",
    ]
    path = lands.table(tmp_path / "poste.csv", head, *rows)
    reading = read_laposte(path, study=lands.study(), basket=lands.BASKET)
    table = reading.table
    assert table["position_quality"].tolist() == ["exact", "approximate", "commune", "exact"]
    assert table["known_by"].tolist() == ["position", "position", "commune", "position"]
    assert lands.rows_of(reading.flags) == {
        5: "same service at the same place as row 2: perhaps one and the same"
    }
    lands.adds_up(reading, 4)


def test_laposte_without_identifier_column(tmp_path):
    head = POSTE_HEAD.split(";", 1)[1]
    path = lands.table(tmp_path / "poste.csv", head, post("x").split(";", 1)[1])
    with pytest.raises(InputError, match="'#Identifiant_du_site': expected this column"):
        read_laposte(path, study=lands.study(), basket=lands.BASKET)


FS_HEAD = "id_fs,insee_dep,lib_fs,insee_com,latitude,longitude,type_fs,format_fs"


def site(number, code="13001", east=5, north=5, kind="Fixe"):
    lon, lat = lands.degrees(east, north)
    return f'"{number}","13","FS, {number}","{code}",{lat},{lon},"Principal","{kind}"'


def test_france_services(tmp_path):
    rows = [
        site(1),
        site(2, "13202", 18, 5, "Itinérante"),
        site(1),
        site(""),
        site(5, "84099", 5, 115),
    ]
    path = lands.table(tmp_path / "fs.csv", FS_HEAD, *rows)
    reading = read_france_services(path, study=lands.study(), vintage=2024)
    table = reading.table
    assert schema_faults(table, SITES, file="fs") == []
    assert table.crs == lands.CRS
    assert table["site"].tolist() == ["1", "2"]
    assert table["name"].tolist() == ["FS, 1", "FS, 2"]
    assert table["format"].tolist() == ["Fixe", "Itinérante"]
    assert table["type_fs"].tolist() == ["Principal"] * 2
    assert table["operators"].isna().all()
    assert table["unit"].tolist() == ["13001", "13202"]
    assert lands.rows_of(reading.rejects) == {
        4: "a repetition of an earlier row",
        5: "no identifier",
    }
    lands.adds_up(reading, 5)


def test_france_services_of_2021(tmp_path):
    head = (
        '"","MATRICULE","DEPARTEMENT","lib_france_services","insee_com","LATITUDE","LONGITUDE",'
        '"ITINERANCE","FORMAT_FS","Groupe","h_lundi","h_mardi","h_samedi"'
    )
    lon, lat = lands.degrees(5, 5)
    rows = [
        f'"1",2.0,"13","A","13001",{lat},{lon},"","Espace labellisé","","9:00 - 12:00","-","-"',
        '"2",3.0,"13","B","13003",43.3,5.6,"Oui","Espace labellisé","G","-","-",""',
        f'"3",4.0,"13","C","13001",{lat},{lon},"","Antenne","G","1er lundi du mois : 9h-12h","",""',
        f'"4",2.0,"13","A","13001",{lat},{lon},"","Espace labellisé","","","",""',
    ]
    path = lands.table(tmp_path / "fs2021.csv", head, *rows)
    reading = read_france_services(path, study=lands.study(), vintage=2021)
    table = reading.table
    assert schema_faults(table, SITES, file="fs") == []
    assert table["site"].tolist() == ["2", "3", "4"]
    assert table["format"].fillna("-").tolist() == ["-", "Itinérante", "Antenne"]
    assert table["type_fs"].fillna("-").tolist() == ["-", "-", "Antenne"]
    assert table["group"].fillna("-").tolist() == ["-", "G", "G"]
    # A dash is a closed day; dashes alone tell nothing.
    assert table["hours_per_week"].fillna(-1).tolist() == [3.0, -1.0, -1.0]
    assert lands.rows_of(reading.rejects) == {5: "a repetition of an earlier row"}
    told = reading.flags.groupby("row")["reason"].agg(list).to_dict()
    assert told[3] == ["itinerant: it stands at its seat, not at its stops"] or "km" in told[3][0]
    assert told[4] == [
        "opening hours that cannot be read",
        "same service at the same place as row 2: perhaps one and the same",
    ]
    lands.adds_up(reading, 4)


def test_a_name_of_a_column_among_the_cells_is_no_column(tmp_path):
    row = site(1).replace('"Principal"', '"h_lundi"').replace('"FS, 1"', '"groupe_fs"')
    path = lands.table(tmp_path / "fs.csv", FS_HEAD, row)
    table = read_france_services(path, study=lands.study()).table
    assert table["name"].tolist() == ["groupe_fs"]
    assert table["group"].isna().all()


def test_france_services_of_2020(tmp_path):
    head = "insee_dep,lib_france_services,adresse,insee_com,lib_com,h_lundi,itinerance,lat,long,result_citycode"
    lon, lat = lands.degrees(5, 5)
    rows = [
        f"13,A,1 rue,,ARLES,9h30 – 12h15 / 13h45 – 16h30,,{lat},{lon},13001",
        "13,B,,13003,B,,,,,",
    ]
    path = lands.table(tmp_path / "fs2020.csv", head, *rows)
    reading = read_france_services(path, study=lands.study())
    table = reading.table
    assert table[["site", "unit", "known_by"]].to_numpy().tolist() == [
        ["fs2020-2", "13001", "position"], ["fs2020-3", "13003", "commune"],
    ]  # fmt: skip
    assert table["hours_per_week"][0] == 5.5
    assert "no commune code: placed by its position" in set(reading.flags["reason"])


SITE_COLUMNS = {"name": "nom", "commune": "insee", "operators": "partenaires", "format": "type",
                "hours_per_week": "heures", "closed": "fin"}  # fmt: skip


def test_sites_of_any_table(tmp_path):
    head = "nom;insee;partenaires;type;heures;fin"
    rows = [
        "MSAP A;13001;CAF, Pôle emploi / MSA;Fixe;24,5;",
        "MSAP B;13003;;Bus;600;",
        "MSAP C;13001;CAF;;;2018-01-01",
        ";13003;CAF;;;",
    ]
    path = lands.table(tmp_path / "msap.csv", head, *rows)
    reading = read_sites(path, study=lands.study(), columns=SITE_COLUMNS, vintage=2019)
    table = reading.table
    assert schema_faults(table, SITES, file="s") == []
    assert table["site"].tolist() == ["msap-2", "msap-3", "msap-5"]
    assert table["name"].tolist() == ["MSAP A", "MSAP B", "msap-5"]
    assert table["operators"].fillna("-").tolist() == ["CAF, Pôle emploi, MSA", "-", "CAF"]
    assert table["hours_per_week"].fillna(-1).tolist() == [24.5, -1.0, -1.0]
    assert "opening hours that cannot be read" in set(reading.flags["reason"])
    assert reading.unused["reason"].tolist() == ["closed by the vintage of the file"]
    lands.adds_up(reading, 4)
    with pytest.raises(InputError, match="a commune code, or one pair"):
        read_sites(path, study=lands.study(), columns={"name": "nom"})


def test_france_services_with_hours(tmp_path):
    head = f"{FS_HEAD},h_lundi,h_mardi"
    rows = [
        f'{site(1)},"09:00 - 12:00 / 14:00 - 17:00","9h-12h"',
        f'{site(2)},"sur rendez-vous","9h-12h"',
        f'{site(3)},"",""',
    ]
    path = lands.table(tmp_path / "fs.csv", head, *rows)
    reading = read_france_services(path, study=lands.study(), vintage=2024)
    assert schema_faults(reading.table, SITES, file="fs") == []
    hours = reading.table["hours_per_week"]
    assert hours.isna().tolist() == [False, True, True]
    assert hours[0] == 9.0
    # What cannot be read is flagged; what is not told is only missing.
    unread = reading.flags[reading.flags["reason"] == "opening hours that cannot be read"]
    assert unread[["row", "value"]].to_numpy().tolist() == [[3, "h_lundi: sur rendez-vous"]]
    lands.adds_up(reading, 3)


def test_france_services_of_an_older_list_and_swapped(tmp_path):
    head = ",".join(FS_HEAD.split(",")[:6])
    path = lands.table(tmp_path / "fs.csv", head, '"1","13","FS","13001",43.3,5.4')
    table = read_france_services(path, study=lands.study()).table
    assert table["format"].isna().all()
    assert table["vintage"].tolist() == ["non daté"]
    swapped = head.replace("latitude,longitude", "longitude,latitude")
    lon, lat = lands.degrees(5, 5)
    rows = [f"{number},13,FS,13001,{lat},{lon}" for number in range(4)]
    path = lands.table(tmp_path / "fs.csv", swapped, *rows)
    with pytest.raises(InputError, match=r"fs.csv, row 2, column 'longitude, latitude'.*swapped"):
        read_france_services(path, study=lands.study())
