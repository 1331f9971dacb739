"""Consistency of a scene across its sections: alternatives, names that refer to each other, and ``[assumed]`` keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from selfiesim.astro.bodies import BODIES
from selfiesim.astro.solar_system import KNOWN_BODIES
from selfiesim.core.config_validation import did_you_mean
from selfiesim.scene.ground import GROUND_BODIES, GROUND_NAME
from selfiesim.scene.objects import ObjectSection, check_target

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


# Long: a flat list of independent rules.
def check_consistency(scene: Scene) -> None:
    """Check the rules that join sections of a scene.

    Raises
    ------
    ValueError
        For the first rule that the scene breaks; the message begins with the key.
    """
    for fault in find_section_conflicts({key for key in type(scene).model_fields if getattr(scene, key) is not None}):
        raise ValueError(fault)
    host = next(key for key in ("orbit", "path", "site") if getattr(scene, key) is not None)
    name = scene.center
    known = (*KNOWN_BODIES, scene.body.name) if scene.body else tuple(KNOWN_BODIES)
    if name not in known:
        raise ValueError(
            f"{host}.body: unknown body {name!r}{did_you_mean(name, known)}; known are {', '.join(known)}, and others "
            "are defined in [body]"
        )
    has_axes = scene.orbit and not (scene.orbit.over or scene.orbit.tle or scene.orbit.omm)
    if scene.orbit and has_axes and scene.orbit.frame == "mars-inertial" and name != "mars":
        others = "icrf or ecliptic" if name == "sun" else "icrf, ecliptic or equator-of-date"
        raise ValueError(f"orbit.frame: mars-inertial needs body = 'mars'; for {name} use {others}")
    if scene.body and scene.body.name in (*BODIES, "sun"):
        raise ValueError(f"body.name: {scene.body.name} is a built-in body; choose another name")
    if scene.orbit and scene.orbit.over and name == "sun":
        raise ValueError("orbit.over: the sun has no places to be over; give elements")
    if scene.site and name == "sun":
        raise ValueError("site.body: the sun has no surface to stand on")
    if scene.ground and not (scene.site and name in GROUND_BODIES):
        raise ValueError(f"ground: needs a [site] on {' or '.join(GROUND_BODIES)}, the bodies with a model of terrain")
    if ((scene.path and scene.path.target) or scene.attitude.ck_frame) and not scene.kernels:
        raise ValueError("kernels: missing; path.target and attitude.ck_frame need SPICE kernels")
    names = [part.name for part in scene.objects]
    if len(set(names)) < len(names) or "craft" in names:
        raise ValueError(f"objects: names must be unique and must not be 'craft'; these are {names}")
    if scene.ground and GROUND_NAME in names:
        raise ValueError(f"objects: {GROUND_NAME!r} is reserved for the ground; choose another name")
    check_target(scene.camera.target, scene.objects)
    released = any(part.release for part in scene.objects)
    if scene.mounted and scene.at.startswith("release") and not released:
        raise ValueError("at: a mounted camera is never released; use an event such as max-latitude or a UTC time")
    if scene.mounted and scene.camera.look == "tumbling":
        raise ValueError("camera.look: a mounted camera does not tumble; use craft or mount")


def check_assumed_keys(scene: Scene) -> None:
    """Check that every key path under ``[assumed]`` exists in the scene.

    Raises
    ------
    ValueError
        For a key that does not exist.
    """
    for key in scene.assumed:
        node: Any = scene
        for part in key.split("."):
            fields = _child_keys(node)
            if part not in fields:
                raise ValueError(f"assumed: this scene has no key {key!r}{did_you_mean(part, fields)}")
            node = fields[part]


def _child_keys(node: Any) -> dict[str, Any]:
    """Return what may follow the next dot of a key path: keys, or names of objects."""
    if isinstance(node, BaseModel):
        return {key: getattr(node, key) for key in type(node).model_fields}
    if isinstance(node, tuple):
        return {each.name: each for each in node if isinstance(each, ObjectSection)}
    return node if isinstance(node, dict) else {}


def find_section_conflicts(sections: set[str]) -> list[str]:
    """Return the faults in the choice of alternative sections."""
    faults = []
    for choice in (("orbit", "path", "site"), ("release", "mounted")):
        given = [key for key in choice if key in sections]
        if len(given) != 1:
            offered = " or ".join(f"[{key}]" for key in choice)
            faults.append(f"{' and '.join(given) or choice[0]}: give one of {offered}")
    return faults
