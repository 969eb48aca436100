"""Points de contact of La Poste: bureaux, agences communales, relais."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.facilities import (
    facilities_table,
    vintage_text,
    with_service,
    without_duplicates,
)
from sdaasp_geo.sources.names import missing_column
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

SERVICE = "bureau_de_poste"

_KIND = "Caractéristique_du_site"
# The header starts with '#', which some re-exports lose.
_IDS = ("#Identifiant_du_site", "Identifiant_du_site")
_NAME = "Libellé_du_site"
_NAMES = ClaimNames("Code_INSEE", "Longitude", "Latitude")
# "Bureau de poste et associés" is the bureau, the communal agency and the relay at a
# shop's (A206, A207, A208 of the BPE); an army's post office is for the army.
_PUBLIC = ("Bureau de Poste", "Agence postale communale", "Agence postale intercommunale",
           "Relais poste commerçant", "Relais poste")  # fmt: skip


def read_laposte(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the points de contact of La Poste (``laposte_poincont``).

    Parameters
    ----------
    path
        A ``.csv`` with ``;`` (header starting with ``#``, byte order mark or not), or a
        ``.zip`` that holds one.
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
        site (military) are in `unused`.

    Raises
    ------
    InputError
        If the file cannot be read as such, see
        :func:`~sdaasp_geo.sources.text.read_text`.
    """
    path = Path(path)
    notes = Notes(path.name)
    required = [_KIND, _NAME, *_NAMES]
    text = read_text(path, notes, required=required, optional=_IDS)
    frame = text.frame
    identifier = next((name for name in _IDS if name in frame), None)
    if identifier is None:
        raise InputError([missing_column(path.name, _IDS[0], list(frame.columns))])
    claims = claims_frame(frame, _NAMES, crs=GEOGRAPHIC_CRS)
    placed = place(claims, study, notes, names=_NAMES, place_by=place_by)
    rows = placed.join(
        frame[[identifier, _KIND, _NAME]].set_axis(["facility", "code", "name"], axis=1)
    ).assign(count=1)
    kinds = dict.fromkeys(_PUBLIC, SERVICE) if SERVICE in basket.service_ids else {}
    rows = with_service(rows, kinds, notes, column=_KIND)
    rows = notes.keep(rows, rows["facility"].isna(), identifier, "no identifier")
    rows = without_duplicates(rows, ["facility"], notes, column=identifier, values="facility")
    dated = vintage_text(vintage)
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, text.rows_read)
