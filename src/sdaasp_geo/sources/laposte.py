"""Points de contact of La Poste: bureaux, agences communales, relais."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.sources.aliases import alias_names, under_known_names
from sdaasp_geo.sources.facilities import (
    facilities_table,
    flag_twins,
    vintage_text,
    with_service,
    without_duplicates,
)
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.folding import folded
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

SERVICE = "bureau_de_poste"

# The header starts with '#', which some re-exports lose; the interface of the publisher
# has names of its own, without accents.
_ALIASES = {
    "facility": ("#Identifiant_du_site", "Identifiant_du_site", "identifiant_a", "identifiant"),
    "kind": ("Caractéristique_du_site",),
    "name": ("Libellé_du_site",),
    "commune": ("Code_INSEE",),
    "lon": ("Longitude",),
    "lat": ("Latitude",),
    "precision": ("Précision_du_géocodage",),
}
_REQUIRED = ("facility", "kind", "name", "commune", "lon", "lat")
# "Bureau de poste et associés" is the bureau, the communal agency and the relay at a
# shop's (A206, A207, A208 of the BPE); an army's post office is for the army.
_PUBLIC = ("Bureau de Poste", "Bureau centre", "Agence postale", "Agence postale communale",
           "Agence postale intercommunale", "Agence postale communale ou intercommunale",
           "Agence postale ou Relais poste", "Point partenaire", "Relais poste commerçant",
           "Relais poste")  # fmt: skip
_EXACT, _COMMUNE = "numero", "centre_de_la_commune"


def read_laposte(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the points de contact of La Poste (``laposte_poincont``, ``laposte_poincont2``).

    Parameters
    ----------
    path
        CSV with ``;`` or ``,`` (header starting with ``#``, byte order mark or not), with
        the labels of the columns or the names of the publisher's interface
        (``identifiant_a``, ``code_insee`` …); also parquet or xlsx, packed or not.
    study
        The land that facilities are wanted on.
    basket
        Every public kind of site offers its service ``bureau_de_poste``, if it has one.
    vintage
        Of the file.
    place_by
        ``commune`` puts every site at its chef-lieu.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name`. Other kinds of
        site (military) are in `unused`. Where the file tells the precision, a site
        geocoded to the centre of its commune stands at the chef-lieu, and one geocoded
        to a street or a block is ``approximate``.

    Raises
    ------
    InputError
        If the file cannot be read as such, see
        :func:`~sdaasp_geo.sources.text.read_text`.
    """
    path = Path(path)
    notes = Notes(path.name)
    names = alias_names(path, _ALIASES, required=_REQUIRED)
    required = [names[name] for name in _REQUIRED]
    text = read_text(
        path, notes, required=required, optional=list(names.values()), separators=(";", ",")
    )
    frame, names = under_known_names(text.frame, names)
    told = ClaimNames(names["commune"], names["lon"], names["lat"])
    claims = claims_frame(frame, ClaimNames("commune", "lon", "lat"), crs=GEOGRAPHIC_CRS)
    if "precision" in frame:
        claims["quality"] = _quality(frame["precision"])
    placed = place(claims, study, notes, names=told, place_by=place_by)
    rows = placed.join(
        frame[["facility", "kind", "name"]].set_axis(["facility", "code", "name"], axis=1)
    ).assign(count=1)
    kinds = dict.fromkeys(_PUBLIC, SERVICE) if SERVICE in basket.service_ids else {}
    rows = with_service(rows, kinds, notes, column=names["kind"])
    shown = names["facility"]
    rows = notes.keep(rows, rows["facility"].isna(), shown, "no identifier")
    rows = without_duplicates(rows, ["facility"], notes, column=shown, values="facility")
    flag_twins(rows, notes, column=shown, whatever_name=True)
    dated = vintage_text(vintage)
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, text.rows_read)


def _quality(precision: pd.Series) -> pd.Series:
    """Quality of each position from what the file says of its geocoding."""
    said = precision.map(folded, na_action="ignore").astype("str")
    quality = said.notna().map({True: "approximate", False: "exact"}).astype("str")
    exact = said.str.contains(_EXACT).fillna(value=False).astype(bool)
    commune = said.str.contains(_COMMUNE).fillna(value=False).astype(bool)
    return quality.mask(exact, "exact").mask(commune, "commune")
