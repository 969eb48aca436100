"""Computed beside published: the real Bouches-du-Rhône under each same-commune rule.

Prints one table a theme; ``docs/validation.md`` explains each gap over a third.
"""

from __future__ import annotations

import dataclasses
import sys
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import pandas as pd

import sdaasp_geo as sg
import validate_msap
from real_data import real_data
from sdaasp_geo.assumptions import SAME_COMMUNE_RULES
from sdaasp_geo.indicators.means import population_mean
from sdaasp_geo.pipeline.inputs import read_inputs
from sdaasp_geo.pipeline.steps import diagnose_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.pipeline.inputs import Inputs
    from sdaasp_geo.territory import Territory

GAMMES = ("proximite", "intermediaire", "superieure")
SERVICE_IDS = {
    "pharmacie": "pharmacie",
    "maternité": "maternite",
    "point d'accueil Pôle Emploi": "pole_emploi",
    "chirurgien-dentiste": "chirurgien_dentiste",
    "laboratoire d'analyses médicales": "laboratoire_analyses",
}


class Figure(NamedTuple):
    """One published figure and what was computed."""

    theme: str
    name: str
    published: float
    computed: float | None


def figures(diagnostic: Diagnostic, published: dict[str, Any]) -> Iterator[Figure]:
    """Yield every figure of ``published.toml`` that the diagnostic answers."""
    yield from _means(diagnostic, published)
    yield from _remoteness(diagnostic, published["eloignement"], "éloignement, seuils du fichier")
    calibrated = sg.calibrate_thresholds(
        _gammes(diagnostic),
        _people(diagnostic),
        {gamme: diagnostic.thresholds_min[gamme] for gamme in GAMMES},
        communes=published["eloignement"]["communes"],
    )
    refitted = _with_thresholds(diagnostic, calibrated.thresholds_min)
    yield from _remoteness(refitted, published["eloignement"], "éloignement, calé sur 60 communes")
    yield from _contrasts(refitted, published)
    yield from _named_cases(diagnostic, published)


def destination_cases(
    inputs: Inputs, territory: Territory, published: dict[str, Any]
) -> Iterator[Figure]:
    """Yield the times between two named communes, chef-lieu to chef-lieu."""
    units = inputs.places.units
    choices = dataclasses.replace(territory.assumptions, same_commune="routed")
    for case in published["cas"]:
        if "service" in case or "destination" not in case:
            continue
        target = case["destination"]
        facility = gpd.GeoDataFrame(
            {
                "facility": [target],
                "service": ["destination"],
                "unit": [target],
                "known_by": ["commune"],
                "count": [1],
                "source": ["published"],
            },
            geometry=[units.at[target, "chef_lieu"]],
            crs=units.crs,
        )
        origin = inputs.origins[inputs.origins["origin"] == case["origine"]]
        times = sg.nearest_times(inputs.network, origin, facility, ["destination"], choices)
        name = f"{case['nom']} → {case['destination_nom']}"
        yield Figure("cas nommés", name, case["minutes"], float(times["time_min"].iloc[0]))


def validate(folder: Path) -> pd.DataFrame:
    """Return computed beside published under each rule: one row a figure, one column a rule."""
    published = tomllib.loads((folder / "published.toml").read_text(encoding="utf-8"))
    territory = sg.read_territory(folder / "territory.toml")
    inputs = read_inputs(territory)
    columns = {}
    for rule in SAME_COMMUNE_RULES:
        choices = dataclasses.replace(territory.assumptions, same_commune=rule)
        variant = dataclasses.replace(territory, assumptions=choices)
        diagnostic = diagnose_inputs(variant, inputs)
        found = [
            *figures(diagnostic, published),
            *destination_cases(inputs, variant, published),
            *_msap(diagnostic, published),
        ]
        index = pd.MultiIndex.from_tuples([(f.theme, f.name, f.published) for f in found])
        columns[rule] = pd.Series([f.computed for f in found], index=index, dtype=float)
    table = pd.DataFrame(columns)
    table.index.names = ["theme", "figure", "published"]
    return table.reset_index()


def _msap(diagnostic: Diagnostic, published: dict[str, Any]) -> Iterator[Figure]:
    """Yield the simulation of the new MSAP, remote communes being the 60 calibrated ones."""
    thresholds = sg.calibrate_thresholds(
        _gammes(diagnostic),
        _people(diagnostic),
        {gamme: diagnostic.thresholds_min[gamme] for gamme in GAMMES},
        communes=published["eloignement"]["communes"],
    ).thresholds_min
    before = _with_thresholds(diagnostic, diagnostic.thresholds_min | thresholds)
    gains = validate_msap.opened_msap(before, published)
    for name, told, computed in validate_msap.figures(gains, published):
        yield Figure("nouvelles MSAP", name, told, computed)


def best_sites(folder: Path) -> Iterator[str]:
    """Yield a line an objective: the best ten mairies, and how many the schéma has too."""
    published = tomllib.loads((folder / "published.toml").read_text(encoding="utf-8"))
    diagnostic = sg.diagnose(sg.read_territory(folder / "territory.toml"))
    for objective, result, shared in validate_msap.best_sites(diagnostic, published):
        gaining = result.summary["figures_simulated"]["inhabitants_gaining"]
        yield (
            f"| {objective} | {result.status} | {', '.join(result.sites['name'])} | "
            f"{gaining:,.0f} | {len(shared)}: {', '.join(shared) or '–'} |"
        )


def main() -> int:
    """Print the tables; 0 if done, 1 if the real data are absent."""
    folder = real_data("bouches-du-rhone")
    if folder is None:
        print("bouches-du-rhone: not found; set SDAASP_GEO_REAL_DATA to the folder that holds it")
        return 1
    table = validate(folder)
    for theme, part in table.groupby("theme", sort=False):
        print(f"\n### {theme}\n")
        print(_markdown(part))
    print("\n### les dix meilleures mairies sur 119\n")
    print("| objectif | statut | sites | habitants gagnant 6 min ou plus | aussi dans le schéma |")
    print("|---|---|---|---|---|")
    for line in best_sites(folder):
        print(line)
    return 0


def _means(diagnostic: Diagnostic, published: dict[str, Any]) -> Iterator[Figure]:
    mean = diagnostic.summary["mean_min"]
    theme = "temps moyens (min)"
    yield Figure(theme, "panier", published["panier"]["temps_moyen_min"], mean["basket"])
    for gamme in GAMMES:
        yield Figure(theme, gamme, published["gammes"][gamme]["temps_moyen_min"], mean[gamme])
    services = diagnostic.summary["mean_min_by_service"]
    for key, minutes in published["services_moyenne_departement"].items():
        yield Figure(theme, key.removesuffix("_min"), minutes, services[key.removesuffix("_min")])
    share = published["panier"]["part_population_moins_7_min"]
    within = diagnostic.summary["population_share_within_min"]["7"]
    yield Figure(theme, "part des habitants à moins de 7 min du panier", share, within)


def _remoteness(diagnostic: Diagnostic, published: dict[str, Any], theme: str) -> Iterator[Figure]:
    communes = diagnostic.communes
    number = communes["remote_gammes"].fillna(0)
    people = communes["population"]

    def count(flag: pd.Series) -> float:
        return float(flag.sum())

    only_far = (number == 1) & communes["remote_superieure"].fillna(value=False)
    named = {case["code_insee"] for case in published["trois_gammes"]["communes"]}
    three = set(communes.loc[number == len(GAMMES), "commune"])
    share = float(people[number > 0].sum() / people.sum())
    rows = [
        ("communes éloignées", "communes", count(number > 0)),
        ("part des habitants", "part_population", share),
        ("communes, gamme supérieure seule", "communes_superieure_seulement", count(only_far)),
        (
            "habitants, gamme supérieure seule",
            "habitants_superieure_seulement",
            float(people[only_far].sum()),
        ),
        ("communes, deux ou trois gammes", "communes_deux_ou_trois_gammes", count(number >= 2)),
        ("communes, trois gammes", "communes_trois_gammes", count(number == 3)),
        ("habitants, trois gammes", "habitants_trois_gammes", float(people[number == 3].sum())),
    ]
    for name, key, value in rows:
        yield Figure(theme, name, published[key], value)
    yield Figure(theme, "des neuf communes nommées, retrouvées", len(named), len(named & three))
    examples = published["exemples_eloignees"]
    remote = set(communes.loc[number > 0, "commune"])
    found = len(remote.intersection(examples))
    yield Figure(theme, "des quatre exemples nommés, retrouvés", len(examples), found)


def _contrasts(diagnostic: Diagnostic, published: dict[str, Any]) -> Iterator[Figure]:
    theme = "éloignées et autres (min), calé sur 60 communes"
    communes = diagnostic.communes
    remote = communes["remote_gammes"] > 0
    columns = [f"{gamme}_min" for gamme in GAMMES] + ["basket_min"]
    minutes = pd.DataFrame(communes[columns])
    table = sg.remote_against_others(minutes, communes["population"], remote)
    panier, far = published["panier"], published["gammes"]["superieure"]
    basket, superieure = table.loc["basket_min"], table.loc["superieure_min"]
    yield Figure(
        theme,
        "panier, éloignées",
        panier["temps_moyen_communes_eloignees_min"],
        basket["remote_min"],
    )
    yield Figure(
        theme, "panier, autres", panier["temps_moyen_autres_communes_min"], basket["others_min"]
    )
    yield Figure(
        theme,
        "supérieure, éloignées",
        far["temps_communes_eloignees_min"],
        superieure["remote_min"],
    )
    yield Figure(
        theme,
        "supérieure, autres",
        far["temps_communes_mieux_desservies_min"],
        superieure["others_min"],
    )
    three = communes[communes["remote_gammes"] == len(GAMMES)]
    mean = population_mean(pd.DataFrame(three[["superieure_min"]]), three["population"])
    yield Figure(
        theme,
        "supérieure, trois gammes",
        far["temps_communes_eloignees_trois_gammes_min"],
        None if mean.empty else float(mean.iloc[0, 0]),
    )
    extra = published["eloignement"]["ecart_proximite_min"]
    yield Figure(theme, "proximité, écart", extra, table.at["proximite_min", "extra_min"])


def _named_cases(diagnostic: Diagnostic, published: dict[str, Any]) -> Iterator[Figure]:
    communes = diagnostic.communes.set_index("commune")
    theme = "cas nommés"
    for case in published["cas"]:
        if "service" not in case:
            continue
        column = f"{SERVICE_IDS[case['service']]}_min"
        name = f"{case['nom']}, {case['service']}"
        yield Figure(theme, name, case["minutes"], communes.at[case["origine"], column])
    for case in published["cas_gamme"]:
        for gamme in GAMMES:
            if f"{gamme}_min" in case:
                value = communes.at[case["origine"], f"{gamme}_min"]
                yield Figure(theme, f"{case['nom']}, {gamme}", case[f"{gamme}_min"], value)


def _gammes(diagnostic: Diagnostic) -> pd.DataFrame:
    return pd.DataFrame(diagnostic.communes[[f"{gamme}_min" for gamme in GAMMES]])


def _people(diagnostic: Diagnostic) -> pd.Series:
    return diagnostic.communes["population"]


def _with_thresholds(diagnostic: Diagnostic, thresholds_min: dict[str, float]) -> Diagnostic:
    flags = sg.remoteness(_gammes(diagnostic), thresholds_min)
    communes = diagnostic.communes.assign(**{name: flags[name] for name in flags})
    return dataclasses.replace(diagnostic, communes=communes, thresholds_min=thresholds_min)


def _markdown(part: pd.DataFrame) -> str:
    rules = list(SAME_COMMUNE_RULES)
    head = ["figure", "published"] + [text for rule in rules for text in (rule, "gap")]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for _, row in part.iterrows():
        cells = [row["figure"], _number(row["published"])]
        for rule in rules:
            cells += [_number(row[rule]), _gap(row[rule], row["published"])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _number(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _gap(computed: float, published: float) -> str:
    return "–" if pd.isna(computed) else f"{(computed - published) / published:+.0%}"


if __name__ == "__main__":
    sys.exit(main())
