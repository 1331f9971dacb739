"""Start values: poses that bring rays and points together, without any idea of where the camera was.

The sum of squared distances between points and rays is, with the best translation for each rotation, a quadratic form
of the rotation's nine elements (Terzakis & Lourakis, "A Consistently Fast and Globally Optimal Solution to the
Perspective-n-Point Problem", ECCV 2020). It is minimised over rotations from all 24 of the octahedron at once, for each
field of view of a grid, so that every minimum is found, not only the best one. Rays, not pixels, enter: any lens will
do. Directions to stars and the Sun, which have no distance, take part as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from selfiesim.core.vectors import Matrix, Vector

_ITERATIONS = 40
_SAME_ROTATION = 1e-3  # rad


class Candidate(NamedTuple):
    """A pose (rotation (3, 3), translation (3,)) that maps points into camera axes, and its mean squared error."""

    rotation: Matrix
    translation: Vector
    error: float


@dataclass(frozen=True)
class _Form:
    """Sum of squared distances as a quadratic form (9, 9) of a rotation's elements, and its translation (3, 9)."""

    matrix: Matrix
    translation: Matrix


def find_poses(
    points: Vector, rays: Vector, is_direction: NDArray[np.bool_], weights: Vector, first: Matrix, fixed: bool = False
) -> list[Candidate]:
    """Find the poses that bring points onto rays, best first.

    Parameters
    ----------
    points : (N, 3) array
        Points, m, or unit vectors where ``is_direction``.
    rays : (N, 3) array
        Unit vectors, camera axes.
    is_direction : (N,) bool array
        Which have no distance.
    weights : (N,) array
        Of the squared distances; for a point, one over its squared distance makes them angles.
    first : (3, 3) array
        A rotation to begin with besides the 24 of the octahedron.
    fixed : bool
        Whether the translation is 0.

    Returns
    -------
    list of Candidate
        All distinct minima with most points in front of the camera; none with less than three points and directions.
    """
    if len(points) < (2 if fixed else 3):
        return []
    form = _quadratic_form(points, rays, is_direction, weights, fixed)
    starts = np.concatenate([first[None], first @ Rotation.create_group("O").as_matrix()])
    rotations, errors = _minimise(form.matrix, starts)
    found: list[Candidate] = []
    for k in np.argsort(errors):
        translation = form.translation @ rotations[k].ravel()
        placed = points @ rotations[k].T + np.where(is_direction[:, None], 0.0, translation)
        in_front = (placed * rays).sum(-1) > 0.0
        is_new = all(np.abs(rotations[k] - other.rotation).max() > _SAME_ROTATION for other in found)
        if is_new and in_front.mean() > 0.5:
            found.append(Candidate(rotations[k], translation, float(errors[k]) / len(points)))
    return found


def _quadratic_form(
    points: Vector, rays: Vector, is_direction: NDArray[np.bool_], weights: Vector, fixed: bool
) -> _Form:
    across = weights[:, None, None] * (np.eye(3) - rays[:, :, None] * rays[:, None, :])
    spread = np.zeros((len(points), 3, 9))  # spread @ rotation.ravel() == rotation @ point
    for row in range(3):
        spread[:, row, 3 * row : 3 * row + 3] = points
    finite = ~is_direction
    translation = np.zeros((3, 9))
    if not fixed and finite.any():
        total = across[finite].sum(0)
        translation = -np.linalg.lstsq(total, np.einsum("nij,njk->ik", across[finite], spread[finite]), rcond=None)[0]
    placed = spread + np.where(is_direction[:, None, None], 0.0, translation)
    return _Form(np.einsum("nia,nij,njb->ab", placed, across, placed), translation)


def _minimise(form: Matrix, rotations: Matrix) -> tuple[Matrix, Vector]:
    """Minimise ``r @ form @ r`` over rotations (S, 3, 3) by damped Newton steps; these and their values (S,)."""
    generators = np.zeros((3, 3, 3))  # of rotations about x, y and z
    for i, (j, k) in enumerate(((1, 2), (2, 0), (0, 1))):
        generators[i, k, j], generators[i, j, k] = 1.0, -1.0
    rotations, damping = rotations.copy(), np.full(len(rotations), 1e-3)
    values = _values(form, rotations)
    scale = max(float(np.trace(form)), 1e-300)
    for _ in range(_ITERATIONS):
        slopes = np.einsum("kij,sjl->sikl", generators, rotations).transpose(0, 1, 3, 2).reshape(-1, 9, 3)
        gradient = np.einsum("sak,ab,sb->sk", slopes, form, rotations.reshape(-1, 9))
        hessian = np.einsum("sak,ab,sbl->skl", slopes, form, slopes)
        steps = -np.linalg.solve(hessian + (damping * scale)[:, None, None] * np.eye(3), gradient[..., None])[..., 0]
        moved = Rotation.from_rotvec(steps).as_matrix() @ rotations
        after = _values(form, moved)
        improved = after < values
        rotations[improved], values = moved[improved], np.where(improved, after, values)
        damping = np.clip(np.where(improved, damping / 5.0, damping * 5.0), 1e-12, 1e3)
    return rotations, values


def _values(form: Matrix, rotations: Matrix) -> Vector:
    flat = rotations.reshape(-1, 9)
    return np.asarray(np.einsum("sa,ab,sb->s", flat, form, flat))
