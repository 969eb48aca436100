"""Measures what each assumption does to the example territory: the table of assumptions.md.

Run it from the root of the project: ``python docs/measure_assumptions.py``. It takes some
minutes, since roads are built anew for each choice that bears on them.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import sdaasp_geo as sg
from sdaasp_geo.assumptions import CLASS_SPEED_KMH

PAGE = Path(__file__).with_name("assumptions.md")
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
HEAD = (
    "| choice | proximité | intermédiaire | supérieure | panier | remote communes | inhabitants |\n"
    "|---|---|---|---|---|---|---|\n"
)
# One choice at a time, everything else at its default.
CHOICES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "`speed_kmh` −10 %, every class",
        {"speed_kmh": {name: 0.9 * value for name, value in CLASS_SPEED_KMH.items()}},
    ),
    (
        "`speed_kmh` +10 %, every class",
        {"speed_kmh": {name: 1.1 * value for name, value in CLASS_SPEED_KMH.items()}},
    ),
    ("`posted_speed_factor = 0.7`", {"posted_speed_factor": 0.7}),
    ("`posted_speed_factor = 1.0`", {"posted_speed_factor": 1.0}),
    ('`implicit_limit_kmh = { "FR:rural" = 90 }`', {"implicit_limit_kmh": {"FR:rural": 90.0}}),
    ("`signal_cost_s = 10`", {"signal_cost_s": 10.0}),
    ("`left_turn_cost_s = 5`", {"left_turn_cost_s": 5.0}),
    ("`roundabout_cost_s = 5`", {"roundabout_cost_s": 5.0}),
    ("`access_speed_kmh = 20`", {"access_speed_kmh": 20.0}),
    ("`access_speed_kmh = 30`", {"access_speed_kmh": 30.0}),
    ("`access_length_factor = 1.0`", {"access_length_factor": 1.0}),
    ("`access_length_factor = 1.6`", {"access_length_factor": 1.6}),
    ("`snap_limit_m = 500`", {"snap_limit_m": 500.0}),
    ("`min_component_nodes = 1`", {"min_component_nodes": 1}),
    ("`no_access_classes = []`", {"no_access_classes": ()}),
    ('`same_commune = "routed"`', {"same_commune": "routed"}),
    ('`same_commune = "zero"`', {"same_commune": "zero"}),
    ("`inhabited_density_per_km2 = 500`", {"inhabited_density_per_km2": 500.0}),
    ("`inhabited_density_per_km2 = 2000`", {"inhabited_density_per_km2": 2000.0}),
    ('`missing_service = "propagate"`', {"missing_service": "propagate"}),
    ('`missing_service = "cap:60"`', {"missing_service": "cap:60"}),
    ('`basket_mean = "by_gamme"`', {"basket_mean": "by_gamme"}),
    ('`basket_mean = "median"`', {"basket_mean": "median"}),
    ("`time_limit_min = 30`", {"time_limit_min": 30.0}),
    ("`far_from_commune_m = 100`", {"far_from_commune_m": 100.0}),
)


def figures(territory: sg.Territory, choice: dict[str, Any]) -> list[float]:
    """Return the mean minutes by gamme and basket, remote communes and their inhabitants."""
    merged = {
        key: {**getattr(territory.assumptions, key), **value} if isinstance(value, dict) else value
        for key, value in choice.items()
    }
    assumptions = dataclasses.replace(territory.assumptions, **merged)
    summary = sg.diagnose(dataclasses.replace(territory, assumptions=assumptions)).summary
    means = summary["mean_min"]
    names = [*territory.basket.gamme_ids, "basket"]
    remote = summary["remote"]
    return [*(means[name] for name in names), remote["communes"], remote["population"]]


def row(label: str, values: list[float], base: list[float] | None) -> str:
    """Write a row: figures of the defaults, or differences from them."""
    cells = [label]
    for number, value in enumerate(values):
        digits = 2 if number < 4 else 0
        if base is None:
            cells.append(f"{value:,.{digits}f}")
            continue
        change = round(value - base[number], digits)
        cells.append(f"{change:+,.{digits}f}".replace("-", "−") if change else "·")
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    """Measure every choice and write the table into the page."""
    territory = sg.read_territory("territories/exemple.toml")
    base = figures(territory, {})
    rows = [row("**defaults**", base, None)]
    for label, choice in CHOICES:
        rows.append(row(label, figures(territory, choice), base))
        sys.stderr.write(rows[-1])
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{HEAD}{''.join(rows)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
