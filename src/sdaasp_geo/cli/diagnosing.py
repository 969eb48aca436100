"""What `check` and `diagnose` say of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdaasp_geo.cli.session import Session
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.pipeline.inputs import Inputs


def tell_inputs(session: Session, inputs: Inputs) -> None:
    """Say what was read, and what of it nobody counts."""
    figures = {
        "files": len(inputs.records),
        "communes": len(inputs.communes),
        "origins": len(inputs.origins),
        "facilities": len(inputs.facilities),
        "sites": len(inputs.sites),
        **_road_figures(inputs),
        "rejected_rows": len(inputs.rejects),
        "doubtful_rows": len(inputs.flags),
        "unused_rows": int(inputs.unused["rows"].sum()),
    }
    session.found(figures)
    told = list(figures.values())
    session.say("{} files read, no fault", *told[:1])
    session.say("{} communes, {} origins, {} facilities, {} sites", *told[1:5])
    if inputs.network is not None:
        session.say("{} junctions of road in {} pieces", *told[5:7])
    session.say("{} rows rejected, {} doubtful, {} that no service asks for", *told[-3:])


def _road_figures(inputs: Inputs) -> dict[str, int]:
    """Roads, which times that a file tells do without."""
    network = inputs.network
    if network is None:
        return {"junctions": 0, "road_pieces": 0}
    return {
        "junctions": int(network.node_x.size),
        "road_pieces": int(network.component_nodes.size),
    }


def tell_diagnostic(session: Session, diagnostic: Diagnostic) -> None:
    """Say the figures that a reader asks for first."""
    summary = diagnostic.summary
    session.found(summary)
    session.say(
        "{}: {} communes, {} inhabitants, {} services",
        diagnostic.name,
        int(summary["communes"]),
        round(summary["population"]),
        int(summary["services"]),
    )
    mean = summary["mean_min"].get("basket")
    if mean is not None:
        session.say("{} min on average to the services of the basket", float(mean))
    remote = summary["remote"]
    session.say(
        "{} remote communes, {} inhabitants", int(remote["communes"]), round(remote["population"])
    )
    absent = summary["services_without_facility"]
    if absent:
        session.warn(session.words("services without a facility"), ", ".join(absent))
    if summary["rejected_rows"]:
        session.warn(
            session.words("rows rejected"),
            session.words("{}, listed in rejects.csv", int(summary["rejected_rows"])),
        )
