"""The observatory page in a browser: weight, first picture, and time of each interaction.

A département of 460 communes with ragged borders, 29 services and 3 scenarios is made from
a seed; its page is opened in Chromium. An interaction is timed from the event to the
frame that follows it (map, legend, card and the rows of the table in view are done), and
until nothing is left to do (all rows, the curve); the CPU time of the page's main thread,
which does not hang on what else the machine does, is told with it. Beside it, what the
same recolouring costs as a Plotly choropleth, which the page does not use for its map.

    python benchmarks/bench_page.py
    python benchmarks/bench_page.py --communes 20 20 --keep page.html
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

import sdaasp_geo as sg
from sdaasp_geo.access.internal import inhabited_area_km2
from sdaasp_geo.diagnostic.build import Measured, Notices, assembled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, CDPSession, Page

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

CRS = "EPSG:2154"
SIDE_M, WEST_M, SOUTH_M = 4000.0, 700_000.0, 6_500_000.0
BORDER_POINTS = 24
THRESHOLDS = {"proximite": 6.0, "intermediaire": 15.0, "superieure": 30.0, "basket": 15.0}
ROUNDS = 7
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESK = ("point_accueil_caf", "point_accueil_cpam", "point_accueil_msa", "pole_emploi")


def polygons(across: int, down: int, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Squares whose shared borders are ragged, and still shared."""
    x, y = np.meshgrid(np.arange(across + 1), np.arange(down + 1), indexing="ij")
    corner = np.stack([x, y], axis=-1) + rng.uniform(-0.25, 0.25, (across + 1, down + 1, 2))

    def border(start: np.ndarray, end: np.ndarray, aside: int) -> np.ndarray:
        share = np.linspace(0, 1, BORDER_POINTS)[:, None]
        line = start + (end - start) * share
        line[1:-1, aside] += rng.normal(0, 0.01, BORDER_POINTS - 2)
        return np.asarray(line)

    low = {
        (i, j): border(corner[i, j], corner[i + 1, j], 1)
        for i in range(across)
        for j in range(down + 1)
    }
    left = {
        (i, j): border(corner[i, j], corner[i, j + 1], 0)
        for i in range(across + 1)
        for j in range(down)
    }
    shapes = []
    for j in range(down):
        for i in range(across):
            rings = [low[i, j], left[i + 1, j], low[i, j + 1][::-1], left[i, j][::-1]]
            points = np.concatenate([ring[:-1] for ring in rings]) * SIDE_M + (WEST_M, SOUTH_M)
            shapes.append(shapely.Polygon(points))
    return shapes


def communes(across: int, down: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Make communes in rows, in EPCI of about thirty."""
    count = across * down
    shapes = polygons(across, down, rng)
    frame = pd.DataFrame(
        {
            "commune": [f"63{n + 1:03d}" for n in range(count)],
            "name": [f"Saint-Quelconque-sur-Rivière {n + 1}" for n in range(count)],
            "departement": "63",
            "epci": [f"2463{n % across // 6:02d}{n // across // 5:03d}" for n in range(count)],
            "population": np.round(np.exp(rng.normal(6.3, 1.2, count))),
        }
    )
    chefs = gpd.GeoSeries([shapely.point_on_surface(shape) for shape in shapes], crs=CRS)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS).assign(chef_lieu=chefs)


def roads(table: gpd.GeoDataFrame, across: int) -> gpd.GeoDataFrame:
    """Lay a road between each two neighbouring chefs-lieux."""
    points = shapely.get_coordinates(table["chef_lieu"])
    count = len(points)
    pairs = [(n, n + 1) for n in range(count) if (n + 1) % across]
    pairs += [(n, n + across) for n in range(count - across)]
    return gpd.GeoDataFrame(
        {
            "road_class": pd.Series(["local"] * len(pairs), dtype="str"),
            "posted_kmh": 60.0,
            "duration_min": np.nan,
            "oneway": False,
            "length_factor": 1.2,
        },
        geometry=[shapely.LineString(points[[a, b]]) for a, b in pairs],
        crs=CRS,
    )


def facilities(
    table: gpd.GeoDataFrame, basket: sg.Basket, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Put each service into some communes, the fewer the higher its gamme."""
    share = dict(zip(basket.gamme_ids, (0.4, 0.12, 0.02), strict=True))
    rows: list[tuple[str, str, shapely.Point]] = []
    for service in basket.services:
        count = max(2, round(share[service.gamme] * len(table)))
        some = table.iloc[rng.choice(len(table), count, replace=False)]
        rows += [
            (service.id, code, point)
            for code, point in zip(some["commune"], some["chef_lieu"], strict=True)
        ]
    count = len(rows)
    text = {
        "known_by": "position",
        "position_quality": "exact",
        "source": "made",
        "vintage": "2024",
    }
    codes = pd.Series([row[1] for row in rows], dtype="str")
    frame = pd.DataFrame(
        {
            "facility": pd.Series([f"f{n}" for n in range(count)], dtype="str"),
            "service": pd.Series([row[0] for row in rows], dtype="str"),
            "commune": codes,
            "unit": codes,
            "count": np.ones(count, dtype=np.int64),
            **{name: pd.Series([value] * count, dtype="str") for name, value in text.items()},
        }
    )
    return gpd.GeoDataFrame(frame, geometry=[row[2] for row in rows], crs=CRS)


def sites(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put a France services into one commune of twenty."""
    some = table.iloc[:: len(table) // 20]
    text = {"format": "Fixe", "operators": None, "known_by": "position", "position_quality": "exact",
            "source": "made", "vintage": "2024"}  # fmt: skip
    frame = {"site": some["commune"].to_numpy(), "name": [f"France services {n}" for n in some["name"]],
             "commune": some["commune"].to_numpy(), "unit": some["commune"].to_numpy()}  # fmt: skip
    columns = {**frame, **{name: [value] * len(some) for name, value in text.items()}}
    return gpd.GeoDataFrame(
        pd.DataFrame(columns).astype("str"), geometry=some["chef_lieu"].to_numpy(), crs=CRS
    )


def territory(across: int, down: int) -> tuple[Diagnostic, list[Gains]]:
    """Make a diagnostic of generated communes, and three scenarios tried on it."""
    rng = np.random.default_rng(6)
    basket, assumptions = sg.load_basket("sdaasp-29"), sg.Assumptions(min_component_nodes=2)
    table = communes(across, down, rng)
    network = sg.RoadNetwork.from_roads(roads(table, across), assumptions)
    places = sg.Places.from_tables(table)
    people = gpd.GeoDataFrame(
        {
            "origin": table["commune"],
            "commune": table["commune"],
            "unit": table["commune"],
            "known_by": pd.Series(["position"] * len(table), dtype="str"),
            "population": table["population"],
            "unit_area_km2": table["commune"].map(inhabited_area_km2(places.units, assumptions)),
        },
        geometry=table["chef_lieu"].to_numpy(),
        crs=CRS,
    )
    offered = facilities(table, basket, rng)
    times = sg.nearest_times(network, people, offered, basket.service_ids, assumptions)
    choices = SimpleNamespace(
        name="Département engendré",
        departement="63",
        fictional=True,
        basket=basket,
        assumptions=assumptions,
        thresholds_min=THRESHOLDS,
    )
    nothing = pd.DataFrame({"source": pd.Series(dtype="str"), "reason": pd.Series(dtype="str")})
    provenance = {"inputs": [], "assumptions": assumptions.as_dict(), "version": "0"}
    diagnostic = assembled(
        choices,  # type: ignore[arg-type]
        sg.Land(network, places, offered),
        Measured(table, people, times, sites(table)),
        Notices(nothing, nothing, nothing),
        provenance,
    )
    far = diagnostic.remote_communes["commune"].tolist()
    wards = offered.loc[offered["service"] == "maternite", "facility"].tolist()
    tried = [
        sg.Scenario("Deux guichets", openings=_desks(far[:2])),
        sg.Scenario("Dix guichets", openings=_desks(far[:10])),
        sg.Scenario("Une maternité de moins", closings=(sg.Closing(facility=wards[0]),)),
    ]
    return diagnostic, [sg.simulate(diagnostic, scenario) for scenario in tried]


def _desks(units: list[str]) -> tuple[sg.Opening, ...]:
    return tuple(sg.Opening(f"Guichet {unit}", services=DESK, unit=unit) for unit in units)


TIMED = """
const painted = () => new Promise(done => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => setTimeout(done);
  channel.port2.postMessage(0);
}));
window.timed = async (actions) => {
  const times = [];
  for (const action of actions) {
    await painted();
    const start = performance.now();
    action();
    await painted();
    const seen = performance.now() - start;
    await observatoire.settled();
    times.push([seen, performance.now() - start]);
  }
  return times;
};
const id = name => document.getElementById(name);
const fire = (element, kind) => element.dispatchEvent(new Event(kind, { bubbles: true }));
const set = (name, value, kind = "change") => { id(name).value = value; fire(id(name), kind); };
const themes = [...id("theme").options].map(option => option.value);
const views = [...document.querySelectorAll("[name=view]")];
const epci = id("epci") ? [...id("epci").options].map(option => option.value) : [];
const shapes = [...document.querySelectorAll("[data-commune]")];
const ticks = [...document.querySelectorAll("#composer [type=checkbox]")];
window.interactions = {
  "nothing at all": n => n,
  "choose a service": n => set("theme", themes[3 + n * 3]),
  "move the threshold": n => set("threshold", 5 + 2 * n, "input"),
  "choose a commune": n => shapes[(n * 61) % shapes.length].dispatchEvent(new MouseEvent("click", { bubbles: true })),
  "compose a basket": n => { ticks[n].checked = !ticks[n].checked; fire(ticks[n], "change"); },
  "before, after, change": n => { const own = views[(n + 1) % 3]; own.checked = true; fire(own, "change"); },
  "choose a scenario": n => set("scenario", String(n % 3 + 1)),
  "filter by EPCI": n => set("epci", epci[(n + 1) % epci.length]),
  "sort the table": n => document.querySelectorAll("#table-head button")[n % 4].click(),
  "search": n => set("search", "riviere " + (n + 10), "input"),
  "zoom": n => id(n % 2 ? "zoom-out" : "zoom-in").click(),
};
"""


def milliseconds(page: Page, name: str) -> list[list[float]]:
    """Time one interaction to its picture, and to its end; a press begins where a click was made."""
    press = "shapes.forEach(s => s.dispatchEvent(new Event('pointerdown', {bubbles: true})))"
    page.evaluate(f"() => {{ const shapes = [document.querySelector('#map svg')]; {press}; }}")
    times: list[list[float]] = page.evaluate(
        "([name, rounds]) => timed([...Array(rounds).keys()].map(n => () => interactions[name](n)))",
        [name, ROUNDS],
    )
    return times


def measured(browser: Browser, path: Path, height: int) -> dict[str, Any]:
    """First picture and interactions; a tall window has the curve in view all the time."""
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]")
    paint = "performance.getEntriesByType('paint').map(p => [p.name, p.startTime])"
    found: dict[str, Any] = {
        "map_ms": page.evaluate("performance.getEntriesByName('carte')[0].startTime"),
        "paint_ms": dict(page.evaluate(paint)).get("first-contentful-paint"),
    }
    if height > 1500:
        page.wait_for_selector("body[data-ready=all]", timeout=60_000)
        found["curve_ms"] = page.evaluate("performance.getEntriesByName('courbe')[0].startTime")
    page.evaluate(f"() => {{ {TIMED} }}")
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    found["interactions"] = {}
    for name in page.evaluate("Object.keys(interactions)"):
        before = _cpu_ms(tools)
        times = milliseconds(page, name)
        found["interactions"][name] = (times, (_cpu_ms(tools) - before) / ROUNDS)
    page.close()
    return found


# Without it, Plotly asks the network for the coasts of the world, shown or not.
NO_WORLD = """() => {
  const none = { type: "GeometryCollection", geometries: [] };
  const names = ["countries", "coastlines", "land", "ocean", "lakes", "rivers", "subunits"];
  const objects = Object.fromEntries(names.map(name => [name, none]));
  window.PlotlyGeoAssets = { topojson: { world_110m: { type: "Topology", objects, arcs: [] } } };
}"""


def _cpu_ms(tools: CDPSession) -> float:
    """CPU time of the main thread's tasks since the page was opened."""
    metrics = {
        item["name"]: item["value"] for item in tools.send("Performance.getMetrics")["metrics"]
    }
    return 1000.0 * float(metrics["TaskDuration"])


CHOROPLETH = """
async (shapes) => {
  const ids = shapes.features.map(f => f.id);
  const box = document.createElement("div");
  box.style.cssText = "width:640px;height:640px";
  document.body.append(box);
  const geo = { visible: false, fitbounds: "locations", projection: { type: "mercator" } };
  const trace = z => ({ type: "choropleth", geojson: shapes, locations: ids, z, zmin: 0, zmax: 60 });
  const start = performance.now();
  await Plotly.newPlot(box, [trace(ids.map((_, i) => i % 60))], { geo });
  const first = performance.now() - start;
  const times = [];
  for (let n = 0; n < 7; n += 1) {
    const begun = performance.now();
    await Plotly.restyle(box, { z: [ids.map((_, i) => (i * (n + 2)) % 60)] });
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - begun);
  }
  return { first, times };
}
"""


def choropleth(browser: Browser, diagnostic: Diagnostic) -> dict[str, Any]:
    """Cost of the same map as a Plotly choropleth: first drawing, and each recolouring."""
    simple = diagnostic.communes[["commune", "geometry"]].copy()
    simple["geometry"] = shapely.coverage_simplify(np.asarray(simple.geometry), 150.0)
    # Plotly wants rings the other way round from GeoJSON's.
    simple["geometry"] = shapely.orient_polygons(np.asarray(simple.geometry), exterior_cw=True)
    told = json.loads(
        simple.set_geometry("geometry", crs=CRS).set_index("commune").to_crs(4326).to_json()
    )
    page = browser.new_page()
    page.set_content("<!doctype html><body></body>")
    page.add_script_tag(content=get_plotlyjs())
    page.evaluate(NO_WORLD)
    found: dict[str, Any] = page.evaluate(CHOROPLETH, told)
    page.close()
    return found


def main() -> None:
    """Make the territory and its page, open it, print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--communes", type=int, nargs=2, default=(23, 20), metavar=("ACROSS", "DOWN")
    )
    parser.add_argument("--keep", type=Path, help="keep the page under this name")
    options = parser.parse_args()
    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    diagnostic, gains = territory(*options.communes)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        page = sg.write_page(diagnostic, options.keep or Path(folder) / "o.html", gains=gains)
        page = page.absolute()
        seconds = time.perf_counter() - start
        size, plotly = page.stat().st_size, len(get_plotlyjs().encode())
        print(
            f"{len(diagnostic.communes)} communes, {len(diagnostic.services)} services, {len(gains)} scenarios"
        )
        print(f"load average {os.getloadavg()[0]:.1f}; written in {seconds:.1f} s")
        print(f"{size / 1e6:.2f} MB, of which plotly.js {plotly / 1e6:.2f} MB")
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for height in (900, 2600):
                _print(height, measured(browser, page, height))
            found = choropleth(browser, diagnostic)
            print("the same map as a Plotly choropleth")
            print(f"  drawn in {found['first']:.0f} ms; {_line('recoloured', found['times'])}")
            browser.close()


def _print(height: int, found: dict[str, Any]) -> None:
    print(f"window of 1280 × {height}" + (", the curve in view" if height > 1500 else ""))
    print(f"  first paint {found['paint_ms'] or float('nan'):.0f} ms, map drawn {found['map_ms']:.0f} ms"
          + (f", curve drawn {found['curve_ms']:.0f} ms" if "curve_ms" in found else ""))  # fmt: skip
    for name, (times, cpu_ms) in found["interactions"].items():
        seen, done = zip(*times, strict=True)
        print(
            f"  {_line(name, seen)}; all done {statistics.median(done):5.0f} ms, "
            f"{cpu_ms:4.0f} ms of CPU"
        )


def _line(name: str, times: Sequence[float]) -> str:
    return f"{name:22} median {statistics.median(times):5.0f} ms, slowest {max(times):5.0f} ms"


if __name__ == "__main__":
    main()
