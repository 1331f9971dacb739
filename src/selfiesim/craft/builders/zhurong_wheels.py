"""Zhurong's wheels and suspension: six driven and steered wheels, on a rocker and a bogie on each side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.shapes import beam, box, cylinder, lathe, ring, rod
from selfiesim.craft.builders.solid import Solid
from selfiesim.craft.builders.wheel import wheel
from selfiesim.craft.builders.zhurong_sizes import RoverSizes

_STEER_M = 0.37  # height of the centre of the steering drives
_ROCKER_M = 0.47  # height of the pivots on the body
_ARM_Y_M = 0.505  # the arms run between the body and the wheels


def add_wheels(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Add the wheels on their joints, the forks and drives above them, the arms, and the shaft that joins the sides."""
    for name, centre in sizes.wheels().items():
        model.joint(name, centre)
        _wheel(model, sizes, name, centre)
        _fork(model, sizes, centre, f"fork_{name.removeprefix('wheel_')}")
    for sign in (1.0, -1.0):
        _arms(model, sizes, sign)
    _differential_bar(model, sizes)


def _wheel(model: SurfaceModelBuilder, sizes: RoverSizes, name: str, centre: NDArray[np.float64]) -> None:
    """A wheel on its joint at ``centre`` (3,)."""
    outward = (0.0, float(np.sign(centre[1])), 0.0)
    parts = wheel(sizes.wheel_radius_m, sizes.wheel_width_m, sizes.grousers)
    for material, solids in zip(("aluminium_dusted", "aluminium_dusted", "silver_foil_dusted"), parts, strict=True):
        placed = [s.aimed(outward, (0.0, 0.0, 1.0)).at(centre) for s in solids]
        model.add(name, material, *placed, joint=name)


def _fork(model: SurfaceModelBuilder, sizes: RoverSizes, centre: NDArray[np.float64], group: str) -> None:
    """The steering drive above a wheel, and the bracket down its outer side to the axle."""
    x, y, z = centre
    sign = float(np.sign(y))
    out = sign * (0.5 * sizes.wheel_width_m + 0.045)
    motor = lathe([(0.0, -0.055), (0.036, -0.055), (0.042, -0.045), (0.042, 0.03), (0.030, 0.036), (0.030, 0.07)], 28)
    model.add(group, "silver_foil_dusted", motor.at((x, y, _STEER_M)))
    cap = lathe([(0.0, -0.01), (0.024, -0.01), (0.024, 0.02), (0.014, 0.03), (0.0, 0.03)], 20)
    model.add(group, "gold_foil_dusted", cap.at((x, y, _STEER_M + 0.07)))
    model.add(group, "aluminium_dusted", beam((x, y, 0.322), (x, y + out, 0.322), 0.075, 0.020, (0, 0, 1), 0.004))
    leg = beam((x, y + out, 0.335), (x, y + out, z - 0.02), 0.05, 0.018, (0, 1, 0), 0.004)
    model.add(group, "white_paint_dusted", leg)
    axle = lathe(
        [(0.0, -0.075), (0.020, -0.075), (0.020, -0.01), (0.034, 0.0), (0.034, 0.035), (0.022, 0.05), (0.0, 0.05)], 28
    )
    model.add(group, "white_paint_dusted", axle.aimed((0.0, sign, 0.0)).at((x, y + out, z)))
    # The cable to the wheel's motor curves outward over the top: bright tubing in the photo.
    path = [(x - 0.02, y + 0.2 * out, _STEER_M + 0.03), (x - 0.03, y + 0.75 * out, _STEER_M + 0.05)]
    path += [(x - 0.03, y + 1.22 * out, 0.35), (x - 0.02, y + 1.24 * out, 0.24), (x, y + 1.05 * out, z + 0.02)]
    model.add(group, "white_paint_dusted", hose(path, 0.010, 10))


def _arms(model: SurfaceModelBuilder, sizes: RoverSizes, sign: float) -> None:
    """The rocker from the pivot on the body to the front wheel, and the bogie from its rear end to the other two."""
    side = "left" if sign > 0.0 else "right"
    front, middle, rear = sizes.wheel_x_m
    y = sign * _ARM_Y_M
    inner = sign * (sizes.body_half_width_m - 0.01)
    pivot, knee = 0.12, 0.5 * (middle + rear)

    def point(x: float, z: float, lateral: float = y) -> NDArray[np.float64]:
        return np.array([x, lateral, z])

    group = f"rocker_{side}"
    for a, b in [(point(pivot, _ROCKER_M), point(front, 0.375)), (point(pivot, _ROCKER_M), point(knee, 0.43))]:
        model.add(group, "gold_foil_dusted", beam(a, b, 0.046, 0.062, (0, 0, 1), 0.008))
    model.add(group, "silver_foil_dusted", _pivot(point(pivot, _ROCKER_M), inner, 0.062, sign))
    model.add(group, "gold_foil_dusted", _stub(front, y, sizes, sign))
    model.add(group, "black_kapton", hose([(pivot + 0.03, y, 0.515), (0.40, y, 0.462), (front, y, 0.412)], 0.009, 8))
    group = f"bogie_{side}"
    for x in (middle, rear):
        arm = beam(
            point(knee, 0.43, y + sign * 0.012), point(x, 0.375, y + sign * 0.012), 0.040, 0.054, (0, 0, 1), 0.008
        )
        model.add(group, "aluminium_dusted", arm, _stub(x, y + sign * 0.012, sizes, sign))
    model.add(group, "silver_foil_dusted", _pivot(point(knee, 0.43), y - sign * 0.045, 0.048, sign))


def _pivot(at: NDArray[np.float64], inner_y: float, radius_m: float, sign: float) -> Solid:
    """A drum about y from the body (or an arm) at ``inner_y`` to just outside the arm."""
    length = abs(at[1] - inner_y) + 0.045
    r = radius_m
    profile = [(0.0, 0.0), (0.8 * r, 0.0), (0.8 * r, 0.25 * length), (r, 0.3 * length), (r, length - 0.012)]
    profile += [(0.8 * r, length), (0.0, length)]
    return lathe(profile, 32).aimed((0.0, sign, 0.0)).at((at[0], inner_y, at[2]))


def _stub(x: float, y: float, sizes: RoverSizes, sign: float) -> Solid:
    """The beam from the end of an arm to the steering drive above the wheel."""
    end = sign * (sizes.track_half_m + 0.01)
    return beam((x, y - sign * 0.02, 0.372), (x, end, 0.372), 0.06, 0.056, (0, 0, 1), 0.008)


def _differential_bar(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The shaft under the deck that joins both sides, and the drives on the pivots that set the ground clearance."""
    half = sizes.body_half_width_m
    x = 0.12
    shaft = rod((x, -half - 0.03, _ROCKER_M), (x, half + 0.03, _ROCKER_M), 0.03, 16)
    model.add("suspension_shaft", "aluminium_dusted", shaft)
    for sign in (1.0, -1.0):
        hoop = ring([(0.066, 0.0), (0.085, 0.004), (0.085, 0.016), (0.066, 0.020)], 36)
        place = hoop.aimed((0.0, sign, 0.0)).at((x, sign * (half - 0.004), _ROCKER_M))
        plate = box(0.20, 0.03, 0.20, 0.006).at((x, sign * (half - 0.002), _ROCKER_M))
        model.add("suspension_shaft", "aluminium_dusted", plate, place)
        for dx in (-0.08, 0.08):
            for dz in (-0.08, 0.08):
                bolt = cylinder(0.006, 0.02, 6).aimed((0.0, sign, 0.0))
                model.add(
                    "suspension_shaft", "aluminium_dusted", bolt.at((x + dx, sign * (half + 0.006), _ROCKER_M + dz))
                )
