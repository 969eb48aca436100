"""Which codes of the BPE became which service, and which became none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pandas as pd

if TYPE_CHECKING:
    from sdaasp_geo.basket.baskets import Basket

# What the readers write of a code that no service has (`NO_SERVICE` of the sources).
_NOBODY = "no service of the basket has this code"

NO_CODE = "no code of the BPE: its places come from another file"
NOT_HERE = "none of its codes is in the file"

_CODE_COLUMNS = ["service", "label", "gamme", "code", "verified", "rows", "facilities"]
_SERVICE_COLUMNS = [
    *["service", "label", "gamme", "codes_matched", "codes_absent"],
    *["facilities_of_codes", "facilities_of_other_files", "cause"],
]


class ReadFile(Protocol):
    """What is asked of a reading: its table of facilities, and the rows nobody asked for."""

    @property
    def table(self) -> pd.DataFrame:
        """Facilities (``facility service count``)."""
        ...

    @property
    def unused(self) -> pd.DataFrame:
        """Rows by code (``source code rows reason``)."""
        ...


@dataclass(frozen=True)
class Mapping:
    """How the codes of facility files meet the services of a basket.

    Parameters
    ----------
    codes
        One row a code of the basket, in its order: ``service label gamme code verified
        rows facilities``. `rows` are those of the table, `facilities` the sum of their
        counts; a code that is not in this vintage has 0.
    services
        One row a service: ``service label gamme codes_matched codes_absent
        facilities_of_codes facilities_of_other_files cause``. `cause` says why a service
        has no facility at all, and is missing where it has some.
    unused
        Codes of the files that no service has: ``code rows``, the most frequent first;
        None where only a table of facilities was given, which does not tell them.
    """

    codes: pd.DataFrame
    services: pd.DataFrame
    unused: pd.DataFrame | None

    @property
    def matched(self) -> pd.DataFrame:
        """The codes that some facility has."""
        return self.codes[self.codes["rows"] > 0].reset_index(drop=True)

    @property
    def without_facility(self) -> list[str]:
        """Ids of the services that no facility offers, in the order of the basket."""
        return self.services.loc[self.services["cause"].notna(), "service"].to_list()

    @property
    def unverified(self) -> list[str]:
        """Codes that matched although no published list confirms them for their service."""
        matched = self.matched
        return matched.loc[~matched["verified"], "code"].to_list()


def explain_mapping(facilities: pd.DataFrame | ReadFile, basket: Basket) -> Mapping:
    """Tell which codes matched which service, what matched nothing, and what nobody uses.

    Parameters
    ----------
    facilities
        What a reader of facilities returns (its `table` and `unused` serve), or a
        `FACILITIES` table alone. The codes are read from the ids of the facilities,
        where the readers of the BPE keep them (``D307-12``, ``13055-D307``); rows of
        other files, whose ids hold no code of their service, are counted apart.
    basket
        The basket that the file was read for.

    Returns
    -------
    Mapping
        Three tables; nothing given is changed.

    Raises
    ------
    ValueError
        If the table has a service that the basket has not: it was read for another one.

    Examples
    --------
    >>> from sdaasp_geo.basket import load_basket
    >>> table = pd.DataFrame({
    ...     "facility": ["D307-2", "13055-D201", "13055-D265", "poste-1"],
    ...     "service": ["pharmacie", "medecin_generaliste", "medecin_generaliste", "infirmier"],
    ...     "count": [1, 12, 3, 1],
    ... })
    >>> mapping = explain_mapping(table, load_basket("soins-premiers"))
    >>> mapping.matched[["service", "code", "facilities"]].to_numpy().tolist()
    [['pharmacie', 'D307', 1], ['medecin_generaliste', 'D201', 12],
     ['medecin_generaliste', 'D265', 3]]
    >>> mapping.without_facility
    ['masseur_kinesitherapeute', 'chirurgien_dentiste']
    """
    table, unused = _parts(facilities)
    _refuse_foreign(table, basket)
    rows = pd.DataFrame(
        {
            "service": table["service"].astype("str").to_numpy(),
            "code": codes_of_facilities(table, basket).to_numpy(),
            "facilities": table["count"].to_numpy("int64") if "count" in table else 1,
        }
    )
    codes = _code_table(rows, basket)
    services = _service_table(rows, codes, basket)
    return Mapping(codes, services, None if unused is None else _nobodys(unused, basket))


def codes_of_facilities(table: pd.DataFrame, basket: Basket) -> pd.Series:
    """Code of the BPE that each facility was read under; missing for other files.

    Parameters
    ----------
    table
        ``facility service``.
    basket
        Whose codes are looked for: a part of the id between hyphens that is a code of
        the facility's own service.

    Returns
    -------
    Series
        Index of the table.
    """
    numbered = table[["facility", "service"]].reset_index(drop=True)
    parts = numbered["facility"].astype("str").str.split("-").explode()
    owner = parts.map(basket.service_of_code).astype("object")
    own = owner.notna() & (owner == numbered["service"].reindex(parts.index).astype("object"))
    # The first that fits: an id such as 13055-D307-130550101 holds one.
    found = parts[own].groupby(level=0).first()
    return found.reindex(numbered.index).astype("str").set_axis(table.index)


def _parts(facilities: pd.DataFrame | ReadFile) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    if isinstance(facilities, pd.DataFrame):
        return facilities, None
    return facilities.table, facilities.unused


def _refuse_foreign(table: pd.DataFrame, basket: Basket) -> None:
    strange = sorted(set(table["service"].dropna()) - set(basket.service_ids))
    if strange:
        message = (
            f"facilities: expected services of the basket {basket.name!r}, found "
            f"{', '.join(strange)}; the file was read for another basket"
        )
        raise ValueError(message)


def _code_table(rows: pd.DataFrame, basket: Basket) -> pd.DataFrame:
    counted = rows.groupby("code")["facilities"].agg(["size", "sum"])
    lines = [
        (service.id, service.label, service.gamme, code, code not in service.unverified)
        for service in basket.services
        for code in service.bpe
    ]
    table = pd.DataFrame(lines, columns=_CODE_COLUMNS[:5])
    for name, of in (("rows", "size"), ("facilities", "sum")):
        table[name] = table["code"].map(counted[of]).fillna(0).astype("int64")
    return table.astype({"verified": bool})


def _service_table(rows: pd.DataFrame, codes: pd.DataFrame, basket: Basket) -> pd.DataFrame:
    coded = rows["code"].notna()
    of_codes = rows[coded].groupby("service")["facilities"].sum()
    of_others = rows[~coded].groupby("service")["facilities"].sum()
    here = codes["rows"] > 0
    lines = []
    for service in basket.services:
        own = codes["service"] == service.id
        matched = " ".join(codes.loc[own & here, "code"])
        absent = " ".join(codes.loc[own & ~here, "code"])
        counts = int(of_codes.get(service.id, 0)), int(of_others.get(service.id, 0))
        cause = None if any(counts) else (NOT_HERE if service.bpe else NO_CODE)
        lines.append((service.id, service.label, service.gamme, matched, absent, *counts, cause))
    table = pd.DataFrame(lines, columns=_SERVICE_COLUMNS)
    return table.astype({"cause": "str"})


def _nobodys(unused: pd.DataFrame, basket: Basket) -> pd.DataFrame:
    """Codes nobody uses: not the places outside, whose lines are told by département."""
    nobody = unused[unused["reason"] == _NOBODY]
    nobody = nobody[~nobody["code"].isin(basket.service_of_code)]
    rows = nobody.groupby("code")["rows"].sum().reset_index()
    ordered = rows.sort_values(["rows", "code"], ascending=[False, True], ignore_index=True)
    return ordered.astype({"code": "str", "rows": "int64"})
