"""The command `doctor`: what is there, what is not, what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdaasp_geo.cli.session import DONE, INPUT_FAULT
from sdaasp_geo.errors import TerritoryError
from sdaasp_geo.pipeline.doctor import Finding, installation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sdaasp_geo.cli.session import Session

_TITLES = {
    "installation": "Installation",
    "extras": "Optional parts",
    "machine": "Machine",
    "caches": "Caches",
    "inputs": "Inputs",
    "optional": "What the territory goes without",
    "next": "What to do next",
}
_MARKS = {"ok": "✓", "lacking": "–", "wrong": "✗"}


def examine(session: Session, territory: Path | None) -> None:
    """Look at the installation and at a territory, and say what was found.

    Raises
    ------
    typer.Exit
        With 1 where something stops the work.
    TerritoryError
        If the territory file itself is wrong, once the rest is told.
    """
    found = installation()
    fault = None
    if territory is None:
        found.append(_first_steps())
    else:
        from sdaasp_geo.pipeline.doctor_territory import territory_findings  # noqa: PLC0415
        from sdaasp_geo.territory import read_territory  # noqa: PLC0415

        try:
            found += territory_findings(read_territory(territory))
        except TerritoryError as error:
            fault = error
    _tell(session, found)
    if fault is not None:
        raise fault
    wrong = sum(item.state == "wrong" for item in found if item.topic != "next")
    session.finish(INPUT_FAULT if wrong else DONE)


def _first_steps() -> Finding:
    text = "an example to try, or the files of your département (fetch)"
    return Finding("next", "ok", text, (), "sdaasp-geo example exemple")


def _tell(session: Session, found: Sequence[Finding]) -> None:
    session.findings = [_as_json(session, item) for item in found]
    session.found(
        {state: sum(item.state == state for item in found) for state in ("ok", "lacking", "wrong")}
    )
    for topic, title in _TITLES.items():
        items = [item for item in found if item.topic == topic]
        if not items:
            continue
        session.say(title)
        for item in items:
            values = [
                session.words(value) if isinstance(value, str) else value for value in item.values
            ]
            mark = "→" if topic == "next" else _MARKS[item.state]
            session.show(f"  {mark} {session.words(item.text, *values)}")
            if item.command:
                session.show(f"      {item.command}")
        session.show("")


def _as_json(session: Session, item: Finding) -> dict[str, Any]:
    return {
        "topic": item.topic,
        "state": item.state,
        "message": session.words(item.text, *item.values),
        "command": item.command,
    }
