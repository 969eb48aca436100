"""Each answer with its uncertainty: which communes keep their flag, which figures move."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.routing.parallel import in_turn
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.variants import (
    Spread,
    Variant,
    one_at_a_time,
    parameters,
    sampled,
    varied,
)
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.model import Scenario

    Progress = Callable[[int, int, str], None]

_REFERENCE = "référence"
_ONE, _ALL = "one_at_a_time", "sample"


@dataclass(frozen=True)
class Siting:
    """A question for `choose_sites`, asked again under every variant.

    Parameters
    ----------
    candidates, count
        As for :func:`~sdaasp_geo.scenarios.siting.choose.choose_sites`.
    options
        Its other arguments, by name.
    """

    candidates: gpd.GeoDataFrame
    count: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """An answer under other choices.

    Parameters
    ----------
    runs
        One row a run, the diagnostic itself first: ``variant``, ``kind`` (``reference``,
        ``one_at_a_time`` or ``sample``), its choices, and the figures.
    ranges
        One row a figure and kind: ``figure kind reference runs min p05 median p95 max``;
        ``runs`` is how many know the figure.
    communes
        One row a commune: ``commune name population``, ``remote`` (nullable: the
        diagnostic's own), ``steady`` (the same in every run),
        ``share_of_variants share_of_samples`` (of the runs in which it is remote),
        ``undetermined_share`` (of all runs, where nobody can tell), ``flips`` (names of
        the variants that alone change it, ``;`` between), and ``share_<gamme>`` (of all
        runs, remote from it).
    sites
        Where sites were chosen, one row a candidate that some run chose: ``site``,
        ``reference`` (chosen without any change), ``share_of_variants share_of_samples``.
        Else None.
    summary
        Figures fit for JSON.

    Notes
    -----
    The variants say what one choice does, the samples what all do together. Neither is a
    probability: the ranges are the analyst's.
    """

    runs: pd.DataFrame
    ranges: pd.DataFrame
    communes: pd.DataFrame
    sites: pd.DataFrame | None
    summary: dict[str, Any]

    def __repr__(self) -> str:
        """Say what holds in one line."""
        told = self.summary
        return (
            f"<Sensitivity {told['runs']} runs: {told['communes_always_remote']} communes always "
            f"remote, {told['communes_never_remote']} never, {told['communes_that_flip']} flip>"
        )

    def _repr_html_(self) -> str:
        plain = {key: told for key, told in self.summary.items() if isinstance(told, int | float)}
        return card("Sensibilité", plain)


class Run(NamedTuple):
    """What one run says."""

    figures: dict[str, float]
    flags: pd.DataFrame
    sites: tuple[str, ...] | None


def sensitivity(  # noqa: PLR0913 (each is an option of its own, by name)
    diagnostic: Diagnostic,
    question: Scenario | Siting | None = None,
    *,
    variants: Sequence[Variant] | None = None,
    spread: Spread | None = None,
    samples: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Sensitivity:
    """Ask the same under other choices: each alone, then all together.

    Parameters
    ----------
    diagnostic
        With its land.
    question
        A scenario, which is simulated in each run; a :class:`Siting`, which is solved in
        each run; None for the diagnostic alone.
    variants
        Choices tried one at a time; the ends of `spread` if None.
    spread
        How far each choice may be; :class:`~sdaasp_geo.scenarios.variants.Spread` if None.
    samples
        How many draws of all choices together.
    seed
        Of the draws and of the errors in positions. The same seed gives the same tables,
        whatever the executor.
    progress
        Called with (runs done, runs in all, name of the one just done).
    executor
        Runs one variant a task; each receives the whole diagnostic, where it is another
        process. One after the other if None, each search in threads.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        If the diagnostic has no land, two variants have one name, the number of samples is
        below 0, or the question is wrong.
    """
    land_of(diagnostic)
    spread = spread or Spread()
    rule = diagnostic.assumptions.same_commune
    alone = one_at_a_time(spread, rule=rule, seed=seed) if variants is None else [*variants]
    jobs = [Variant(_REFERENCE), *alone, *sampled(spread, samples=samples, seed=seed)]
    _check_names(jobs)
    kinds = ["reference", *[_ONE] * len(alone), *[_ALL] * samples]
    runs = []
    found = in_turn(partial(run, diagnostic, question), jobs, executor=executor, threads=False)
    for number, (job, answer) in enumerate(zip(jobs, found, strict=True), start=1):
        runs.append(answer)
        if progress is not None:
            progress(number, len(jobs), job.name)
    return _gathered(diagnostic, jobs, kinds, runs)


def _check_names(jobs: Sequence[Variant]) -> None:
    names = [job.name for job in jobs]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        faults = [Fault("variants", "each name once", repr(name)) for name in again]
        raise InputError(faults)


def run(diagnostic: Diagnostic, question: Scenario | Siting | None, variant: Variant) -> Run:
    """Answer the question under one variant."""
    neutral = variant == Variant(variant.name)
    changed = diagnostic if neutral else varied(diagnostic, variant)
    figures = _figures(changed)
    names = [name for name in changed.communes if name.startswith("remote_")]
    flags = changed.communes[["commune", *names]].set_index("commune")
    if question is None:
        return Run(figures, flags, None)
    if isinstance(question, Siting):
        return Run(figures, flags, _best_sites(changed, question))
    gains = simulate(changed, question)
    told = {
        key: value
        for key, value in gains.summary.items()
        if key.startswith(("inhabitants", "mean_gain", "gainers"))
    }
    return Run(figures | _flat(told), flags, None)


def _best_sites(diagnostic: Diagnostic, question: Siting) -> tuple[str, ...]:
    # The solver is loaded only where sites are chosen.
    choose_sites = import_module("sdaasp_geo.scenarios.siting.choose").choose_sites
    found = choose_sites(diagnostic, question.candidates, count=question.count, **question.options)
    return tuple(sorted(found.sites["site"].astype(str)))


def _figures(diagnostic: Diagnostic) -> dict[str, float]:
    told = diagnostic.summary
    remote = {key: told["remote"][key] for key in ("communes", "population", "population_share")}
    return _flat(
        {
            "mean_min": told["mean_min"],
            "population_share_within_min": told["population_share_within_min"],
            "remote": remote,
            "unreached": {"population": told["unreached"]["population"]},
        }
    )


def _flat(figures: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return numbers by the path that leads to them (``mean_min.proximite``)."""
    flat: dict[str, float] = {}
    for key, value in figures.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat |= _flat(value, f"{name}.")
        elif value is None or isinstance(value, int | float):
            flat[name] = np.nan if value is None else float(value)
    return flat


def _gathered(
    diagnostic: Diagnostic, jobs: list[Variant], kinds: list[str], runs: list[Run]
) -> Sensitivity:
    figures = pd.DataFrame([answer.figures for answer in runs])
    table = parameters(jobs)
    table.insert(1, "kind", pd.Series(kinds, dtype="str"))
    kind = np.array(kinds, dtype=object)
    communes = _commune_table(diagnostic, jobs, kind, runs)
    sites = _site_table(kind, runs) if runs[0].sites is not None else None
    other = [answer.sites != runs[0].sites for answer in runs[1:]]
    summary = {
        "runs": len(runs),
        "variants": kinds.count(_ONE),
        "samples": kinds.count(_ALL),
        "communes_always_remote": int(
            (communes["steady"] & communes["remote"].fillna(value=False)).sum()
        ),
        "communes_never_remote": int(
            (communes["steady"] & ~communes["remote"].fillna(value=True)).sum()
        ),
        "communes_that_flip": int((~communes["steady"]).sum()),
        "runs_with_other_sites": int(sum(other)) if sites is not None else None,
    }
    return Sensitivity(
        pd.concat([table, figures], axis=1), _ranges(figures, kind), communes, sites, summary
    )


def _ranges(figures: pd.DataFrame, kind: np.ndarray) -> pd.DataFrame:
    rows = []
    for name in figures:
        for each in (_ONE, _ALL):
            values = figures[name][kind == each].dropna().to_numpy(dtype=float)
            if not (kind == each).any():
                continue
            row = {"figure": name, "kind": each, "reference": figures[name].iloc[0]}
            row["runs"] = values.size
            levels = np.quantile(values, _LEVELS) if values.size else np.full(5, np.nan)
            rows.append(row | dict(zip(_LEVEL_NAMES, levels, strict=True)))
    return pd.DataFrame(rows, columns=["figure", "kind", "reference", "runs", *_LEVEL_NAMES])


_LEVELS = (0.0, 0.05, 0.5, 0.95, 1.0)
_LEVEL_NAMES = ("min", "p05", "median", "p95", "max")


def _commune_table(
    diagnostic: Diagnostic, jobs: list[Variant], kind: np.ndarray, runs: list[Run]
) -> pd.DataFrame:
    order = pd.Index(diagnostic.communes["commune"])
    number = pd.concat([answer.flags["remote_gammes"].reindex(order) for answer in runs], axis=1)
    known = number.notna().to_numpy()
    remote = (number > 0).fillna(value=False).to_numpy(dtype=bool)
    same = (remote == remote[:, :1]) & (known == known[:, :1])
    table = diagnostic.communes[["commune", "name", "population"]].reset_index(drop=True)
    table = pd.DataFrame(table)
    table["remote"] = pd.Series(remote[:, 0], dtype="boolean").mask(pd.Series(~known[:, 0]))
    table["steady"] = same.all(axis=1)
    for name, each in (("share_of_variants", _ONE), ("share_of_samples", _ALL)):
        table[name] = _share(remote[:, kind == each])
    table["undetermined_share"] = _share(~known)
    alone = [number for number, each in enumerate(kind) if each == _ONE]
    table["flips"] = [";".join(jobs[n].name for n in alone if not row[n]) for row in same]
    for gamme in diagnostic.basket.gamme_ids:
        flags = [answer.flags[f"remote_{gamme}"].reindex(order) for answer in runs]
        there = np.column_stack([flag.fillna(value=False).to_numpy(dtype=bool) for flag in flags])
        table[f"share_{gamme}"] = _share(there)
    return table


def _share(flags: np.ndarray) -> np.ndarray:
    """Share of runs, missing where there is none."""
    return flags.mean(axis=1) if flags.shape[1] else np.full(flags.shape[0], np.nan)


def _site_table(kind: np.ndarray, runs: list[Run]) -> pd.DataFrame:
    chosen = [set(answer.sites or ()) for answer in runs]
    names = sorted(set.union(*chosen))
    there = np.array([[name in sites for sites in chosen] for name in names], dtype=bool)
    there = there.reshape(len(names), len(runs))
    table = pd.DataFrame({"site": pd.Series(names, dtype="str"), "reference": there[:, 0]})
    table["share_of_variants"] = _share(there[:, kind == _ONE])
    table["share_of_samples"] = _share(there[:, kind == _ALL])
    order = ["reference", "share_of_samples", "share_of_variants", "site"]
    return table.sort_values(order, ascending=[False, False, False, True], ignore_index=True)
