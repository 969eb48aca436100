"""The lie of the land: coast, delta, massif, river, island, and the bend given to it all.

Everything is first laid out with straight lines on a plain sheet (metres, origin at the
south-west corner), then bent by one smooth field, so that roads wind and borders
wander while what touched still touches and what crossed still crosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

CRS: Final = "EPSG:2154"
WIDTH_M: Final = 100_000.0
HEIGHT_M: Final = 80_000.0

# South-west corner in EPSG:2154: the open sea of the Golfe du Lion, more than 60 km off
# the coast, so that nobody takes the territory for a real place.
ORIGIN_M: Final = (770_000.0, 6_100_000.0)

CITY_M: Final = (53_500.0, 22_300.0)
MASSIF_CENTRE_M: Final = (50_000.0, 62_000.0)
MASSIF_AXES_M: Final = (18_000.0, 11_500.0)
MASSIF_TILT: Final = 0.26
DELTA_M: Final = (8_000.0, 0.0, 34_000.0, 14_500.0)
ISLAND_CENTRE_M: Final = (73_500.0, 6_800.0)
ISLAND_AXES_M: Final = (5_600.0, 2_700.0)
RIVER_M: Final = (
    (34_000.0, 84_000.0),
    (31_000.0, 64_000.0),
    (27_000.0, 46_000.0),
    (24_500.0, 30_000.0),
    (20_500.0, 16_000.0),
    (19_000.0, -3_000.0),
)

# Wavelength and amplitude (m) of the bends, from the province to the bend of a lane. The
# gradients (2π × amplitude / wavelength) add up to less than one: the sheet never folds.
BENDS_M: Final = (
    (31_000.0, 1_500.0),
    (9_000.0, 330.0),
    (2_600.0, 75.0),
    (800.0, 15.0),
)
WAVES_BY_BEND: Final = 3


@dataclass(frozen=True)
class Geography:
    """A land, its zones, and the field that bends them.

    Parameters
    ----------
    land
        Mainland and island on the sheet (m).
    massif, delta, island
        Zones on the sheet.
    river
        Line on the sheet that roads cross at bridges only.
    waves
        One row a wave: direction of its effect (2), wave vector (2, rad/m), phase, amplitude (m).
    """

    land: shapely.MultiPolygon
    massif: shapely.Polygon
    delta: shapely.Polygon
    island: shapely.Polygon
    river: shapely.LineString
    waves: Floats

    def bend(self, sheet: Floats) -> Floats:
        """Bring points of the sheet, shape (n, 2), to EPSG:2154 (m)."""
        push, vector = self.waves[:, :2], self.waves[:, 2:4]
        phase, amplitude = self.waves[:, 4], self.waves[:, 5]
        swell = np.sin(sheet @ vector.T + phase) * amplitude
        bent: Floats = sheet + swell @ push + np.asarray(ORIGIN_M)
        return bent


def make_geography(rng: np.random.Generator) -> Geography:
    """Draw the land."""
    island = _ellipse(ISLAND_CENTRE_M, ISLAND_AXES_M, -0.15, rng)
    return Geography(
        land=shapely.MultiPolygon([_mainland(rng), island]),
        massif=_ellipse(MASSIF_CENTRE_M, MASSIF_AXES_M, MASSIF_TILT, rng),
        delta=shapely.box(*DELTA_M),
        island=island,
        river=shapely.LineString(RIVER_M),
        waves=_waves(rng),
    )


def roughen(line: Floats, rng: np.random.Generator, *, share: float, step_m: float) -> Floats:
    """Break a line by the midpoint method until no chord is longer than `step_m`.

    Parameters
    ----------
    line
        Points, shape (n, 2), in metres.
    share
        Largest sideways push of a midpoint, as a share of its chord.
    """
    while True:
        chords = np.diff(line, axis=0)
        lengths = np.hypot(chords[:, 0], chords[:, 1])
        if lengths.max() <= step_m:
            return line
        normals = np.column_stack([-chords[:, 1], chords[:, 0]])
        push = rng.uniform(-share, share, len(chords))[:, None]
        middles = (line[:-1] + line[1:]) / 2 + normals * push
        woven = np.empty((len(line) + len(middles), 2))
        woven[0::2], woven[1::2] = line, middles
        line = woven


def coast_y(x_m: Floats) -> Floats:
    """Height of the mainland coast on the sheet: a delta in the west, a bay at the city."""
    km = x_m / 1000.0
    plain = 16.0 + 1.5 * np.sin(km / 9.0) + 0.8 * np.sin(km / 3.1)
    delta = -12.5 * np.exp(-(((km - 20.5) / 7.5) ** 4))
    bay = 3.2 * np.exp(-(((km - CITY_M[0] / 1000) / 4.5) ** 2))
    height: Floats = (plain + delta + bay) * 1000.0
    return height


def _mainland(rng: np.random.Generator) -> shapely.Polygon:
    # The frame lies far outside: only the coast is ever seen, the rest ends with the communes.
    x = np.linspace(-30_000.0, WIDTH_M + 30_000.0, 80)
    coast = roughen(np.column_stack([x, coast_y(x)]), rng, share=0.16, step_m=400.0)
    top = HEIGHT_M + 30_000.0
    frame = np.array([[x[-1], top], [x[0], top]])
    return _valid(np.vstack([coast, frame]))


def _ellipse(
    centre: tuple[float, float],
    axes: tuple[float, float],
    tilt: float,
    rng: np.random.Generator,
) -> shapely.Polygon:
    angle = np.linspace(0.0, 2 * np.pi, 25)[:-1]
    stretch = 1 + rng.uniform(-0.12, 0.12, len(angle))
    x, y = axes[0] * np.cos(angle) * stretch, axes[1] * np.sin(angle) * stretch
    turned = np.column_stack(
        [x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)]
    )
    ring = np.vstack([turned, turned[:1]]) + np.asarray(centre)
    return _valid(roughen(ring, rng, share=0.12, step_m=400.0))


def _valid(ring: Floats) -> shapely.Polygon:
    # A rough coast may touch itself: keep the main piece.
    pieces = shapely.get_parts(shapely.make_valid(shapely.Polygon(ring)))
    polygons = [piece for piece in pieces if isinstance(piece, shapely.Polygon)]
    return max(polygons, key=lambda piece: float(piece.area))


def _waves(rng: np.random.Generator) -> Floats:
    rows = []
    for length, amplitude in BENDS_M:
        # Three directions a third of a turn apart, so that no direction stays straight.
        start = rng.uniform(0.0, np.pi)
        for number in range(WAVES_BY_BEND):
            angle = start + number * np.pi / WAVES_BY_BEND
            vector = 2 * np.pi / length * np.array([np.cos(angle), np.sin(angle)])
            across = np.array([-np.sin(angle), np.cos(angle)])
            share = amplitude * 1.3 / WAVES_BY_BEND
            rows.append([*across, *vector, rng.uniform(0.0, 2 * np.pi), share])
    return np.array(rows)
