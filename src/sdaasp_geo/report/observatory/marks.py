"""Sites on the map and in their list: those that exist, and what scenarios open and close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sdaasp_geo.report.french import count
from sdaasp_geo.report.gaintables import commune_names, service_words
from sdaasp_geo.report.sitemarks import CLOSED, CONVERTED, EXISTING, MOVED, OPENED

if TYPE_CHECKING:
    import shapely

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.observatory.drawing import Frame
    from sdaasp_geo.scenarios.gains import Gains

_KINDS = {"open": OPENED, "move": MOVED, "convert": CONVERTED}
_EXISTING, _CLOSE = "existing", "close"
KIND_LABELS = {
    _EXISTING: EXISTING.label,
    **{change: kind.label for change, kind in _KINDS.items()},
    _CLOSE: CLOSED.label,
}


def existing_sites(diagnostic: Diagnostic, frame: Frame) -> list[dict[str, Any]]:
    """France Services and MSAP of the territory and around it."""
    names = commune_names(diagnostic)
    return [
        _site(_EXISTING, 0, line, _text(line.get("format")), (frame, names))
        for _, line in diagnostic.sites.iterrows()
    ]


def scenario_sites(gains: Gains, side: int, frame: Frame) -> list[dict[str, Any]]:
    """Places that a scenario opens, moves, converts and closes."""
    names = commune_names(gains.before)
    told = [
        _site(str(line["change"]), side, line, _brings(gains, line), (frame, names))
        for _, line in gains.sites.iterrows()
    ]
    # What moves away leaves its place too, but comes back elsewhere.
    gone = gains.closed[gains.closed["change"] == _CLOSE]
    for (_, facility), part in gone.groupby(["source", "facility"], sort=True):
        line = part.iloc[0].copy()
        if pd.isna(line.get("name")):
            line["name"] = facility
        services = service_words(gains, part["service"].tolist())
        told.append(_site(_CLOSE, side, line, services, (frame, names)))
    return told


def _brings(gains: Gains, line: pd.Series) -> str:
    services = service_words(gains, line["services"])
    nearest = count(float(line["inhabitants_nearest"]), "habitant")
    return f"{services} ; le plus proche pour {nearest}" if services else ""


def _site(
    kind: str,
    side: int,
    line: pd.Series[Any],
    detail: str,
    where: tuple[Frame, dict[str, str]],
) -> dict[str, Any]:
    frame, names = where
    code = _text(line.get("commune"))
    return {
        "kind": kind,
        "side": side,
        "name": _text(line.get("name")),
        "commune": names.get(code, code),
        "code": code,
        "detail": detail,
        "place": _place(line["geometry"], frame),
    }


def _place(point: shapely.Point | None, frame: Frame) -> list[int] | None:
    if point is None or point.is_empty:
        return None
    return frame.spot(point)


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]
