"""The body of the Tianwen-1 orbiter: the foil-covered prism, its radiators and the corners that carry the wings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, lathe, prism
from selfiesim.craft.builders.solid import Face, Solid
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes

_SEAM_M = 0.012  # half the gap between two blankets
_TILE_M = 0.20  # pitch of the radiator tiles


def add_bus(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Add the prism, its blankets, radiators and wing drives."""
    _prism(model, sizes)
    _wall_blankets(model, sizes)
    _deck_blankets(model, sizes)
    _radiators(model, sizes)
    _corners(model, sizes)


def _prism(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The hexagonal core under the blankets."""
    core = prism(sizes.outline_yz, sizes.body_height_x_m, sizes.body_bevel_m, 2.0 * sizes.body_bevel_m, steps=3)
    # The outline is (y, z); local x, y, z become body Y, Z, X.
    model.add("bus", "gold_foil", Solid(core.vertices[:, [2, 0, 1]], core.faces).outward())


def _wall_blankets(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Two rows of pinned blankets on every side wall."""
    rng = np.random.default_rng(sizes.seed)
    half = 0.5 * sizes.body_height_x_m - sizes.body_bevel_m
    for number, (face, width) in enumerate(sizes.walls.values()):
        columns = 3 if width > 2.0 else 2
        reach = 0.5 * width - 0.05
        cuts = np.linspace(-reach, reach, columns + 1)
        cuts[1:-1] += 0.12 * (rng.random(columns - 1) - 0.5)
        for k in range(columns):
            split = 0.16 * (rng.random() - 0.5)
            for j, (low, high) in enumerate([(-half, split), (split, half)]):
                x0, x1 = cuts[k] + _SEAM_M, cuts[k + 1] - _SEAM_M
                y0, y1 = low + _SEAM_M * j, high - _SEAM_M * (1 - j)
                corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
                seed = sizes.seed + 100 * number + 10 * k + j
                model.add("bus", "gold_foil", face.put(blanket(corners, sizes.blanket_rise_m, seed)))
                near, far = 0.88 * x0 + 0.12 * x1, 0.12 * x0 + 0.88 * x1
                pins = [(0.5 * (x0 + x1), 0.5 * (y0 + y1))]
                pins += [(x, y) for x in (near, far) for y in (y0 + 0.09, y1 - 0.09)]
                model.add("bus", "aluminium", *(face.put(_pin(sizes), x, y) for x, y in pins))


def _pin(sizes: OrbiterSizes) -> Solid:
    """The button that holds a blanket down: a disc on a stem that reaches into the body."""
    top = 1.25 * sizes.blanket_rise_m
    return lathe([(0.014, -0.005), (0.014, top), (0.0, top + 0.005)], 7)


def _deck_blankets(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Blankets in gores on both decks, from a hexagonal hole out to the edges."""
    for number, (face, hole) in enumerate([(sizes.top, 0.46), (sizes.bottom, 0.58)]):
        sign = 1.0 if number == 0 else -1.0  # local x of the bottom deck is -Y
        outline = np.array([(sign * y, z) for y, z in sizes.outline_yz])
        outer = outline * (1.0 - 0.05 / 1.5)
        for k in range(6):
            ends = [(outer[k], hole * outline[k]), (outer[(k + 1) % 6], hole * outline[(k + 1) % 6])]
            (a, a_in), (b, b_in) = ends if sign > 0 else ends[::-1]
            middle, middle_in = 0.5 * (a + b), 0.5 * (a_in + b_in)
            for j, quad in enumerate([(a_in, a, middle, middle_in), (middle_in, middle, b, b_in)]):
                shrunk = _inset_quad(np.array(quad), _SEAM_M)
                sheet = blanket(shrunk, sizes.blanket_rise_m, sizes.seed + 1000 * (number + 1) + 10 * k + j, 0.05)
                model.add("bus", "gold_foil", face.put(sheet))


def _inset_quad(quad: NDArray[np.float64], by_m: float) -> list[tuple[float, float]]:
    """The quadrilateral (4, 2) shrunk toward its centre by about ``by_m``."""
    middle = quad.mean(axis=0)
    size = np.linalg.norm(quad - middle, axis=1).mean()
    return [(float(x), float(y)) for x, y in middle + (quad - middle) * (1.0 - 1.4 * by_m / size)]


def _radiators(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """White mirror tiles with seams, in stepped patches on the chamfer walls."""
    patches = {
        "+y+z": [(c, r) for c in range(-3, 3) for r in range(-2, 3) if not (c > 0 and r > 0)],
        "-y+z": [(c, r) for c in range(-3, 3) for r in range(-2, 3) if not (c < -1 and r > 0)],
        "+y-z": [(c, r) for c in range(3) for r in range(-2, 2) if not (c == 2 and r > 0)],
        "-y-z": [(c, r) for c in range(-3, 2) for r in range(-2, 2)],
    }
    for name, cells in patches.items():
        face = sizes.walls[name][0]
        tile = box_on_face(_TILE_M - 0.006, _TILE_M - 0.006, 0.034)
        model.add("radiators", "radiator_white", *(face.put(tile, *_tile_centre(*cell)) for cell in cells))
        _frame(model, face, cells)


def _tile_centre(column: int, row: int) -> tuple[float, float]:
    return (column + 0.5) * _TILE_M, (row - 0.1) * _TILE_M


def _frame(model: ModelBuilder, face: Face, cells: list[tuple[int, int]]) -> None:
    """A thin metal edge along every outer side of a patch of tiles."""
    filled = set(cells)
    for c, r in cells:
        x, y = _tile_centre(c, r)
        for dc, dr in [(1, 0), (-1, 0), (0, 1), (0, -1)]:
            if (c + dc, r + dr) in filled:
                continue
            length, width, offset = _TILE_M + 0.002, 0.012, 0.5 * _TILE_M + 0.003
            strip = box_on_face(width if dc else length, length if dc else width, 0.037)
            model.add("radiators", "aluminium", face.put(strip, x + dc * offset, y + dr * offset))


def _corners(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Wing drive housings on the +Y and -Y corners, and the stubs that held the folded wings."""
    stub = [(0.035, -0.01), (0.035, 0.03), (0.018, 0.04), (0.018, 0.15), (0.024, 0.155), (0.024, 0.175), (0.0, 0.175)]
    width = 0.5 * sizes.body_width_y_m
    for sign, name in [(1.0, "+y"), (-1.0, "-y")]:
        # Deep enough to enclose the corner of the hexagon.
        model.add("wing_drives", "gold_foil", box(0.44, 0.30, 0.40, 0.03).at((0.0, sign * (width - 0.07), 0.0)))
        drum = lathe([(0.13, 0.0), (0.13, 0.085), (0.12, 0.095), (0.0, 0.095)], 32).aimed((0.0, sign, 0.0))
        model.add("wing_drives", "aluminium", drum.at((0.0, sign * (width + 0.07), 0.0)))
        for side in ("+z", "-z"):
            face, wide = sizes.walls[name + side]
            for x in (-0.32 * wide, 0.32 * wide):
                for y in (-0.58, 0.58):
                    model.add("wing_drives", "aluminium", face.put(lathe(stub, 12), x, y))
