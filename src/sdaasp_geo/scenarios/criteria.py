"""Criteria of a schéma on a diagnostic: who meets them, who is left out, where, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios import criteria_tables as tables
from sdaasp_geo.scenarios.areas import Areas
from sdaasp_geo.scenarios.criteria_file import Criteria, Criterion, load_criteria
from sdaasp_geo.scenarios.criteria_targets import Targets
from sdaasp_geo.scenarios.notes import Remarks
from sdaasp_geo.scenarios.tally import whole
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria_targets import Nearest

__all__ = ["Criteria", "Criterion", "Judgement", "judge_criteria", "load_criteria"]


@dataclass(frozen=True, repr=False)
class Judgement:
    """Criteria judged, as tables.

    Parameters
    ----------
    name, label
        Of the set of criteria.
    criteria
        One row a criterion: ``criterion label target within_min share_wanted one_per``,
        ``measurable``, ``population``, ``inhabitants_meeting``, ``share_meeting``,
        ``inhabitants_left_out`` (of whom ``inhabitants_without_time``),
        ``inhabitants_not_judged``, ``communes_left_out``, ``areas``, ``areas_meeting``,
        ``met`` (nullable boolean), ``source unverified note``. The shares are of **all**
        inhabitants. Where nothing can be measured the figures and `met` are missing and
        `note` says why.
    left_out
        One row a criterion and an inhabited origin that does not meet it, the most
        inhabitants first: ``criterion origin commune name epci population reason``
        (``too_far``, ``no_place_in_area``, ``incomplete_mean``: a service of the mean is
        not reached, or why there is no time, as in the access times), ``time_min
        excess_min`` (minutes above the limit), the nearest place ``service place
        place_name place_commune place_commune_name`` (missing where none is reached),
        and the origin's point.
    communes
        One row a criterion and a commune with somebody left out: ``criterion commune
        name epci population inhabitants_left_out share_left_out
        inhabitants_without_time mean_min largest_min`` (times of those left out) and
        the nearest place of most of them.
    areas
        One row a criterion and an area, for criteria that are judged in areas:
        ``criterion level area communes population places place_names
        inhabitants_meeting share_meeting met``.
    minutes
        Index ``origin``, one column a criterion: the minutes that it was judged on.
    notes
        ``subject kind note``, in French.
    summary
        For JSON.
    """

    name: str
    label: str
    criteria: pd.DataFrame
    left_out: gpd.GeoDataFrame
    communes: pd.DataFrame
    areas: pd.DataFrame
    minutes: pd.DataFrame
    notes: pd.DataFrame
    summary: dict[str, Any]

    def __repr__(self) -> str:
        """Say how many criteria are met; the tables show themselves."""
        met = self.criteria["met"]
        return (
            f"<Judgement {self.name}: {int(met.fillna(value=False).sum())} of {len(met)} "
            f"criteria met, {int(met.isna().sum())} cannot be told>"
        )

    def _repr_html_(self) -> str:
        return card(
            f"Critères – {self.name}", {"critères": len(self.criteria)}, table=self.criteria
        )


def judge_criteria(
    diagnostic: Diagnostic,
    criteria: Criteria | Sequence[Criterion] | str | Path,
    *,
    sites: gpd.GeoDataFrame | None = None,
    facilities: gpd.GeoDataFrame | None = None,
    areas: pd.DataFrame | Mapping[str, pd.Series] | None = None,
    executor: Executor | None = None,
) -> Judgement:
    """Judge criteria on a diagnostic: share of the inhabitants who meet each, and who does not.

    An origin meets a criterion if its time is at most the criterion's, and, where one
    place an area is asked for, if a place stands in its area (the time counts to the
    nearest place, of whatever area). A missing time meets nothing, and its reason is
    told. A target without any place is not measurable, which is not 0 %.

    Parameters
    ----------
    diagnostic
        A diagnostic, with its land wherever sites, areas or other facilities are asked
        for.
    criteria
        A set, criteria one by one, or what :func:`load_criteria` reads.
    sites
        `SITES` of the territory and its buffer; those of the diagnostic if None. A
        column ``kind`` (``france_services msap msap_postale mairie ccas cms
        operateur``) says what each one is; France Services where it is missing.
    facilities
        `FACILITIES` of services outside the basket (schools …), with ``name`` if known.
    areas
        Areas of communes: a frame with ``commune`` and one column a level (``canton``),
        or one Series a level indexed by commune. Columns of the diagnostic's communes
        (``epci``) need none. A level that is told nowhere makes a criterion not
        measurable. A canton that cuts a commune cannot be told this way: the grouping of
        whole communes is Insee's *canton-ou-ville*.
    executor
        Where the searches run.

    Returns
    -------
    Judgement
        Tables, notes and summary; inputs are untouched.

    Raises
    ------
    InputError
        If there is no criterion, one names an unknown service or gamme, or a frame is not
        what it should be; all faults at once.
    ValueError
        If land is needed and the diagnostic has none.
    """
    chosen = _criteria(criteria)
    if not chosen.criteria:
        raise InputError([Fault(chosen.name, "one criterion at least", "none")])
    sites = diagnostic.sites if sites is None else sites
    targets = Targets(diagnostic, chosen.criteria, sites, facilities, executor)
    levels = Areas(diagnostic, areas)
    remarks = Remarks()
    judged = [_judged(diagnostic, targets, levels, item, remarks) for item in chosen.criteria]
    left_out = tables.left_out_table(judged, diagnostic, targets)
    communes = tables.commune_table(left_out, diagnostic)
    table = tables.criteria_table(judged, communes)
    return Judgement(
        name=chosen.name,
        label=chosen.label,
        criteria=table,
        left_out=left_out,
        communes=communes,
        areas=tables.area_table(judged),
        minutes=pd.DataFrame(
            {item.criterion.id: item.nearest.time_min for item in judged},
            index=pd.Index(diagnostic.origins["origin"], name="origin"),
        ),
        notes=remarks.table(),
        summary=_summary(chosen, table, diagnostic),
    )


def _criteria(given: Criteria | Sequence[Criterion] | str | Path) -> Criteria:
    if isinstance(given, Criteria):
        return given
    if isinstance(given, (list, tuple)):
        return Criteria("criteria", "Critères", "", unverified=False, criteria=tuple(given))
    return load_criteria(given)  # type: ignore[arg-type]


def _judged(
    diagnostic: Diagnostic,
    targets: Targets,
    levels: Areas,
    criterion: Criterion,
    remarks: Remarks,
) -> tables.Judged:
    """Judge one criterion, origin by origin."""
    nearest = targets.nearest(criterion)
    people = diagnostic.origins["population"].to_numpy(dtype=np.float64)
    within, unknown = _within(diagnostic, criterion, nearest)
    absent, groups = nearest.absent, None
    level = criterion.level_of_areas
    if level is not None and not absent:
        absent = levels.absent(level)
        if not absent:
            groups = levels.grouped(level, targets.places, nearest.group)
            _remark_areas(criterion, groups, people, remarks)
    no_place = np.zeros(len(people), dtype=bool)
    unmapped = no_place.copy()
    if groups is not None and criterion.one_per is not None:
        unmapped = groups.unmapped
        no_place = groups.without_place
    left = (~within & ~unknown) | no_place
    for note in nearest.notes:
        remarks.add(criterion.id, "partial", note)
    if absent:
        remarks.add(criterion.id, "not_measurable", absent)
    if unknown.any() and not absent:
        note = "La limite de temps du diagnostic est sous celle du critère : on ne sait pas juger au-delà."
        remarks.add(criterion.id, "time_limit", note)
    return tables.Judged(
        criterion=criterion,
        nearest=nearest,
        people=people,
        left=left,
        not_judged=~left & (unknown | unmapped),
        no_place=no_place & within,
        groups=groups,
        absent=absent,
    )


def _within(
    diagnostic: Diagnostic, criterion: Criterion, nearest: Nearest
) -> tuple[tables.Bools, tables.Bools]:
    """Whether each origin is within the time, and whether nobody can tell."""
    if criterion.within_min is None:
        everywhere = np.ones(len(nearest.time_min), dtype=bool)
        return everywhere, ~everywhere
    limit = diagnostic.assumptions.time_limit_min
    within = nearest.time_min <= criterion.within_min
    unknown = np.zeros(len(within), dtype=bool)
    if limit is not None and limit < criterion.within_min:
        unknown = np.asarray(nearest.reason == "beyond_limit", dtype=bool)
    return within, unknown


def _remark_areas(
    criterion: Criterion, groups: tables.Groups, people: tables.Floats, remarks: Remarks
) -> None:
    if groups.unmapped.any():
        count = whole(float(people[groups.unmapped].sum()))
        note = f"{count} habitants vivent dans des communes dont le niveau « {groups.level} » n'est pas connu."
        remarks.add(criterion.id, "commune_without_area", note)


def _summary(chosen: Criteria, table: pd.DataFrame, diagnostic: Diagnostic) -> dict[str, Any]:
    keys = ["criterion", "measurable", "share_meeting", "inhabitants_left_out",
            "inhabitants_not_judged", "communes_left_out", "met"]  # fmt: skip
    rows = table[keys].astype(object)
    plain = rows.where(rows.notna(), None).to_dict("records")
    return {
        "territory": diagnostic.name,
        "fictional": diagnostic.fictional,
        "set": chosen.name,
        "source": chosen.source,
        "unverified": chosen.unverified,
        "criteria": {
            str(row["criterion"]): {key: _plain(row[key]) for key in keys[1:]} for row in plain
        },
    }


def _plain(value: object) -> object:
    """Numbers and truths as JSON knows them; inhabitants without a rounding tail."""
    if isinstance(value, (bool, np.bool_)) or value is None:
        return None if value is None else bool(value)
    number = float(value)  # type: ignore[arg-type]
    return whole(number) if number > 1 or number == int(number) else number
