"""OSRM's table service, beside ours: its binaries as its wheel ships them.

The wheel asks for a newer Python than this project, but its programs run by themselves:
they are fetched once with pip and unpacked into ``data/processed/peers``. OSRM searches
street to street: it turns back in dead ends alone and keeps tenths of a second, so
that its times are not ours, and only its speed is compared.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

PEERS = Path(__file__).parents[1] / "data" / "processed" / "peers"
_WHEEL = "osrm-bindings==26.10.0"
_PROFILE = """
api_version = 4
function setup()
  return { properties = { weight_name = 'duration', max_speed_for_map_matching = 60,
    u_turn_penalty = 0, continue_straight_at_waypoint = false, use_turn_restrictions = false } }
end
function process_node(profile, node, result, relations) end
function process_way(profile, way, result, relations)
  result.forward_mode = mode.driving
  result.backward_mode = mode.inaccessible
  result.duration = tonumber(way:get_value_by_key('seconds'))
  result.forward_speed = 50
  result.forward_rate = 50
end
function process_turn(profile, turn) turn.duration = 0 turn.weight = 0 end
return { setup = setup, process_way = process_way, process_node = process_node,
  process_turn = process_turn }
"""


def programs() -> Path | None:
    """Return the folder of OSRM's programs; None where its wheel cannot be had."""
    folder = PEERS / "osrm" / "bin"
    if folder.exists():
        return folder
    wanted = ["--python-version", "3.12", "--only-binary", ":all:", "--no-deps", _WHEEL]
    command = [sys.executable, "-m", "pip", "download", "-q", "-d", str(PEERS), *wanted]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    with zipfile.ZipFile(next(PEERS.glob("osrm_bindings*.whl"))) as wheel:
        wheel.extractall(PEERS, [name for name in wheel.namelist() if name.startswith("osrm/")])
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


class Osrm:
    """A contracted graph, and a server on the loopback address that answers tables."""

    def __init__(self, graph: SearchGraph, bin_folder: Path, folder: Path) -> None:
        self.bin, self.folder = bin_folder, folder
        size = graph.indptr.size - 1
        # Far enough apart that each node is nearest to itself.
        self.lon = 2 + 0.005 * (np.arange(size) % 256)
        self.lat = 45 + 0.005 * (np.arange(size) // 256)
        self._write(graph)
        self._run("osrm-extract", "-p", "profile.lua", "graph.osm.pbf")
        begin = time.perf_counter()
        self._run("osrm-contract", "graph.osrm")
        self.contraction_seconds = time.perf_counter() - begin

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        """Serve on a free port, which is returned."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = ["--algorithm", "ch", "--max-table-size", "10000", "-i", "127.0.0.1"]
        command = [self.bin / "osrm-routed", *options, "-p", str(port), "graph.osrm"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.folder, stdout=quiet, stderr=quiet) as server:
            try:
                _wait_for(port)
                yield port
            finally:
                server.terminate()

    def table(
        self, port: int, sources: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Seconds from sources to targets, by one request."""
        nodes = np.concatenate([sources, targets])
        places = ";".join(f"{self.lon[i]:.6f},{self.lat[i]:.6f}" for i in nodes)
        first = ";".join(map(str, range(sources.size)))
        then = ";".join(map(str, range(sources.size, nodes.size)))
        line = http.client.HTTPConnection("127.0.0.1", port)
        line.request("GET", f"/table/v1/driving/{places}?sources={first}&destinations={then}")
        answer: dict[str, Any] = json.loads(line.getresponse().read())
        return np.array(answer["durations"], float)

    def _write(self, graph: SearchGraph) -> None:
        import osmium  # noqa: PLC0415
        from osmium.osm import mutable  # noqa: PLC0415

        (self.folder / "profile.lua").write_text(_PROFILE)
        tails = np.repeat(np.arange(graph.indptr.size - 1), np.diff(graph.indptr))
        arcs = zip(tails.tolist(), graph.heads.tolist(), graph.weights_ms.tolist(), strict=True)
        with osmium.SimpleWriter(str(self.folder / "graph.osm.pbf")) as writer:
            for node, place in enumerate(zip(self.lon.tolist(), self.lat.tolist(), strict=True)):
                writer.add_node(mutable.Node(id=node + 1, location=place))
            for way, (tail, head, ms) in enumerate(arcs):
                tags = {"highway": "road", "seconds": f"{ms / 1000}"}
                writer.add_way(mutable.Way(id=way + 1, nodes=[tail + 1, head + 1], tags=tags))

    def _run(self, program: str, *options: str) -> None:
        command = [str(self.bin / program), *options]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    message = "osrm-routed does not answer"
    raise RuntimeError(message)
