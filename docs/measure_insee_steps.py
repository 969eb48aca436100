"""Measures the way from Insee's first method to ours on the example: a table of insee-to-ours.md.

Run it from the root of the project: ``python docs/measure_insee_steps.py``.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import sdaasp_geo as sg

PAGE = Path(__file__).with_name("insee-to-ours.md")
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
HEAD = (
    "| step | proximité | intermédiaire | supérieure | panier | remote communes |\n"
    "|---|---|---|---|---|---|\n"
)


def placed_by_commune(territory: sg.Territory) -> sg.Territory:
    """Put every facility at the chef-lieu of its commune."""
    sections = tuple(
        section.model_copy(update={"place_by": "commune"}) for section in territory.facilities
    )
    return dataclasses.replace(territory, facilities=sections)


def ruled(territory: sg.Territory, rule: str) -> sg.Territory:
    """Take another rule inside communes."""
    assumptions = dataclasses.replace(territory.assumptions, same_commune=rule)
    return dataclasses.replace(territory, assumptions=assumptions)


def steps() -> list[tuple[str, sg.Territory]]:
    """Return the territories, each one choice away from the one before."""
    chefs_lieux = sg.read_territory("territories/exemple.toml")
    squares = sg.read_territory("territories/exemple-carreaux.toml")
    return [
        (
            'METRIC: chefs-lieux, every facility at its commune, `same_commune = "zero"`',
            ruled(placed_by_commune(chefs_lieux), "zero"),
        ),
        (
            '`same_commune = "internal_estimate"`',
            ruled(placed_by_commune(chefs_lieux), "internal_estimate"),
        ),
        (
            "facilities where they are: **our default**",
            ruled(chefs_lieux, "internal_estimate"),
        ),
        ("from squares of 1 km", ruled(squares, "internal_estimate")),
        (
            '`same_commune = "routed"`: the way of METRIC-OSRM',
            ruled(squares, "routed"),
        ),
    ]


def row(label: str, territory: sg.Territory) -> str:
    """Write the figures of one step."""
    summary = sg.diagnose(territory).summary
    means = [summary["mean_min"][name] for name in (*territory.basket.gamme_ids, "basket")]
    cells = [f"{minutes:.2f}" for minutes in means]
    return f"| {' | '.join([label, *cells, str(summary['remote']['communes'])])} |\n"


def main() -> None:
    """Measure every step and write the table into the page."""
    rows = [row(label, territory) for label, territory in steps()]
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{HEAD}{''.join(rows)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
