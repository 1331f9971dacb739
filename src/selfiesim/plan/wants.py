"""The language of wants: what a picture is asked to show, in words.

A want is one or more conditions joined by ``and``, ``or`` and ``not``, optionally ``for 20s`` (it must hold so long),
and optionally ``weight 2``: then it is not required, but counts in the ranking. :data:`FORMS` lists the conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.core.config_validation import did_you_mean, truncate
from selfiesim.core.errors import EphemerisError, MapError, SceneError
from selfiesim.plan import conditions, places
from selfiesim.plan.conditions import REGIONS
from selfiesim.plan.expressions import Either, Every, Expression, Lasting, Leaf, Without
from selfiesim.planet.places.gazetteer import locate
from selfiesim.view.in_frame import place_vectors

if TYPE_CHECKING:
    from selfiesim.core.vectors import Vector
    from selfiesim.plan.instants import Instants
    from selfiesim.view.resolved_scene import ResolvedScene

_MAX_LENGTH = 400
_NUMBER = r"-?\d+(?:\.\d+)?"
_SHARES = r"\d(?:\.\d+)?\.\.\d(?:\.\d+)?"
_PART = rf"(?:the\s+)?(?P<part>{'|'.join(REGIONS)}|{_SHARES}\s*,\s*{_SHARES})"
_BODY = r"(?P<body>[a-z][a-z0-9-]*)"


def _span(unit: str) -> str:
    """Return the pattern of a span such as 30..70, or of one bound, with an optional unit."""
    end = rf"\s*(?:{unit})?" if unit else ""
    return rf"(?:(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}){end}|(?P<sign>[<>])\s*(?P<bound>{_NUMBER}){end})"


@dataclass(frozen=True)
class Want:
    """A want, ready to be evaluated.

    Attributes
    ----------
    text : str
        As it was written.
    expression : Expression
        What it asks.
    weight : float, optional
        Its weight in the ranking; None if it is required.
    """

    text: str
    expression: Expression
    weight: float | None = None


@dataclass(frozen=True)
class Subject:
    """What wants refer to in a scene.

    Attributes
    ----------
    resolved : ResolvedScene
        The scene.
    outline : (K, 3) array
        Points that bound the craft's outline from anywhere, body axes, m.
    """

    resolved: ResolvedScene
    outline: Vector


_Fields = dict[str, str]
_Builder = Callable[[str, _Fields, Subject], Expression]


@dataclass(frozen=True)
class Form:
    """One form of condition: how it is written, an example, what it means, and what builds it."""

    pattern: str
    example: str
    meaning: str
    build: _Builder


def parse_wants(texts: list[str], subject: Subject) -> list[Want]:
    """Read wants.

    Parameters
    ----------
    texts : list of str
        One want each.
    subject : Subject
        The scene they are about.

    Returns
    -------
    list of Want
        In the same order.

    Raises
    ------
    SceneError
        For a want that is not understood, names an unknown place, or contradicts itself or another; the message says
        which, and the nearest that would work.
    """
    if not texts:
        raise SceneError("--want: say what the picture should show, for example --want 'craft whole'")
    wants = [_parse_want(text, subject) for text in texts]
    _check_contradictions(wants)
    return wants


def _parse_want(text: str, subject: Subject) -> Want:
    words = " ".join(text.split())
    if len(words) > _MAX_LENGTH:
        raise SceneError(f"want {truncate(words)!r}: longer than {_MAX_LENGTH} characters; give several")
    body, weight = words, None
    if match := re.fullmatch(rf"(.+?)\s+weight\s+({_NUMBER})", words):
        body, weight = match[1], float(match[2])
        if not 0.0 < weight <= 1000.0:
            raise SceneError(f"want {truncate(words)!r}: a weight must be above 0, and 1000 at most")
    try:
        return Want(words, _parse_either(body, subject), weight)
    except (SceneError, MapError, EphemerisError) as error:
        raise SceneError(f"want {truncate(words)!r}: {error}") from error


def _parse_either(text: str, subject: Subject) -> Expression:
    parts = tuple(_parse_every(part, subject) for part in re.split(r"\s+or\s+", text))
    return parts[0] if len(parts) == 1 else Either(parts)


def _parse_every(text: str, subject: Subject) -> Expression:
    seconds = None
    if match := re.fullmatch(rf"(.+?)\s+for\s+({_NUMBER})\s*s", text):
        text, seconds = match[1], float(match[2])
    parts = tuple(_parse_condition(part.strip(), subject) for part in re.split(r"\s+and\s+", text))
    found = parts[0] if len(parts) == 1 else Every(parts)
    return found if seconds is None else Lasting(found, seconds)


def _parse_condition(text: str, subject: Subject) -> Expression:
    if text.startswith("not "):
        return Without(_parse_condition(text[4:].strip(), subject))
    for form in FORMS:
        if match := re.fullmatch(form.pattern, text, re.IGNORECASE):
            return form.build(text, {key: value for key, value in match.groupdict().items() if value}, subject)
    examples = {form.example: form for form in FORMS}
    hint = did_you_mean(text, examples)
    raise SceneError(f"not a condition{hint or '; the conditions are: ' + ', '.join(examples)}")


def _bounds(fields: _Fields, factor: float = 1.0) -> tuple[float, float]:
    """Return lower and upper bound of a span, in SI."""
    if "bound" in fields:
        bound = factor * float(fields["bound"])
        return (bound, np.inf) if fields["sign"] == ">" else (-np.inf, bound)
    low, high = factor * float(fields["low"]), factor * float(fields["high"])
    if low >= high:
        raise SceneError(f"the lower bound {fields['low']} must be below the upper bound {fields['high']}")
    return low, high


def _angle_bounds(fields: _Fields, lowest: float, highest: float) -> tuple[float, float]:
    low, high = _bounds(fields)
    if high < lowest or low > highest:
        nearest = np.clip(low if np.isfinite(low) else high, lowest, highest)
        raise SceneError(f"lies outside {lowest:g}..{highest:g} degrees; the nearest that occurs is {nearest:g}")
    return float(np.radians(low)), float(np.radians(high))


def _degrees(fields: _Fields, key: str, default: float) -> float:
    return float(np.radians(float(fields.get(key, default))))


def _angle(fields: _Fields) -> float:
    return _degrees(fields, "angle", 0.0)


def _body(fields: _Fields, subject: Subject, key: str = "body") -> str:
    """Return the name of a body in the sky that has an ephemeris."""
    name = fields[key].lower()
    resolved = subject.resolved
    if name == resolved.body.name:
        raise SceneError(f"the craft is at {name}; for its disc write 'limb in frame' or 'planet phase 30..70'")
    resolved.almanac.position(name, resolved.body.name, resolved.host.reference_epoch)
    return name


def _point(fields: _Fields, subject: Subject) -> Vector:
    body = subject.resolved.body
    if "name" in fields:
        found = locate(fields["name"], body.name)
        latitude, longitude = found.lat_deg, found.lon_deg
    else:
        latitude, longitude = float(fields["lat"]), float(fields["lon"])
        if abs(latitude) > 90.0:
            raise SceneError(
                f"a latitude of {latitude:g} degrees does not exist; the nearest is {np.sign(latitude) * 90:g}"
            )
    return place_vectors(np.radians(latitude), np.radians(longitude), body.radii_m)


def _cap(subject: Subject) -> Vector:
    body = subject.resolved.body
    if body.name != "mars":
        raise SceneError(f"the cap is that of Mars, and the craft is at {body.name}; write 'place 85,0 lit'")
    return places.cap_points(body)


def _part(fields: _Fields) -> conditions.Region:
    """Return a part of the picture: one of the named, or spans of its width and height."""
    text = fields["part"].lower()
    if text in REGIONS:
        return REGIONS[text]
    across, down = ([float(share) for share in span.split("..")] for span in text.split(","))
    if not (0.0 <= across[0] < across[1] <= 1.0 and 0.0 <= down[0] < down[1] <= 1.0):
        raise SceneError("a part of the picture is spans of its width and height from 0 to 1, such as 0..0.4, 0.5..1")
    return across[0], down[0], across[1], down[1]


def _fill(text: str, fields: _Fields, subject: Subject) -> Expression:
    low, high = _bounds(fields)
    if low >= 10.0 or high <= 0.0:
        raise SceneError("fill is the share of the picture's width or height; give for example 0.3..0.6")
    return conditions.between(text, conditions.craft_fill(subject.outline), low, high, 0.1, "")


def _shadow(text: str, fields: _Fields, subject: Subject) -> Expression:
    from selfiesim.plan.shadows import shadow_on

    return shadow_on(text, fields["node"], subject.resolved)


def _with_body(build: Callable[[str, str], Expression]) -> _Builder:
    return lambda text, fields, subject: build(text, _body(fields, subject))


def _in_frame(text: str, name: str, part: conditions.Region) -> Expression:
    edges = conditions.in_part(text, name, lambda pictures: pictures.from_camera(name), part).parts
    return Every((conditions.not_hidden(text, name), *edges))


def _within(text: str, fields: _Fields, subject: Subject) -> Expression:
    low, high = (-np.inf, _degrees(fields, "near", 0.0)) if "near" in fields else _angle_bounds(fields, 0.0, 180.0)
    value = conditions.separation(_body(fields, subject), _body(fields, subject, "other"))
    return conditions.between(text, value, low, high, conditions.COMFORT_RAD, "deg", of_time=True)


def _stars(text: str, _fields: _Fields, _subject: Subject) -> Expression:
    dark = conditions.eclipsed(text, total=True)
    return Every((dark, conditions.no_sunlit_ground(text), conditions.out_of_frame(text, "sun", 0.0)))


def _simple(
    value: Callable[[Instants], Vector], scale: float, unit: str, factor: float = 1.0, of_time: bool = False
) -> _Builder:
    def build(text: str, fields: _Fields, _subject: Subject) -> Expression:
        return conditions.between(text, value, *_bounds(fields, factor), scale, unit, of_time)

    return build


def _angular(value: Callable[[Instants], Vector], lowest: float, highest: float, of_time: bool = False) -> _Builder:
    def build(text: str, fields: _Fields, _subject: Subject) -> Expression:
        bounds = _angle_bounds(fields, lowest, highest)
        return conditions.between(text, value, *bounds, conditions.COMFORT_RAD, "deg", of_time)

    return build


_PLACE = rf"(?:feature\s+(?P<name>.+?)|place\s+(?P<lat>{_NUMBER})\s*,\s*(?P<lon>{_NUMBER}))"
_OUT = rf"(?:\s+(?P<angle>{_NUMBER})\s*(?:deg)?)?"

FORMS = (
    Form(r"craft whole", "craft whole", "the whole craft is in the picture",
         lambda text, _fields, subject: conditions.craft_whole(text, subject.outline)),
    Form(rf"craft fill\s+{_span('')}", "craft fill 0.3..0.6",
         "the craft's width or height, whichever is more, is this share of the picture's", _fill),
    Form(rf"{_PLACE}\s+in\s+{_PART}", "feature Korolev in frame",
         "the place is in the picture, or in a part of it: upper left, lower half, middle ..., or 0..0.4, 0.5..1: "
         "spans of its width and height",
         lambda text, fields, subject: places.place_in(text, _point(fields, subject), _part(fields))),
    Form(rf"{_PLACE}\s+lit{_OUT}", "feature Korolev lit 3deg", "the Sun stands so high over the place, by default 0",
         lambda text, fields, subject: places.place_lit(text, _point(fields, subject), _angle(fields))),
    Form(rf"{_PLACE}\s+seen{_OUT}", "feature Korolev seen 10deg",
         "the camera stands so high over the place, by default 0: it is not edge-on",
         lambda text, fields, subject: places.place_seen(text, _point(fields, subject), _angle(fields))),
    Form(rf"cap\s+in\s+{_PART}", "cap in frame", "half of the north polar cap of Mars is in the picture",
         lambda text, fields, subject: places.cap_in(text, _cap(subject), _part(fields))),
    Form(rf"cap lit{_OUT}", "cap lit", "half of it is, and in daylight",
         lambda text, fields, subject: places.cap_lit(text, _cap(subject), _angle(fields))),
    Form(rf"phase\s+{_span('deg')}", "phase 30..70", "phase angle of the craft, degrees: 0 is full light",
         _angular(conditions.phase, 0.0, 180.0)),
    Form(rf"sun out{_OUT}", "sun out 15deg", "the Sun is outside the picture, so far from its edge",
         lambda text, fields, _subject: conditions.out_of_frame(text, "sun", _angle(fields))),
    Form(r"limb in frame", "limb in frame", "both the planet and the sky beside it are in the picture",
         lambda text, _fields, _subject: conditions.limb_in_frame(text)),
    Form(rf"sky\s+{_span('')}", "sky 0.1..0.5", "share of the picture that is sky",
         _simple(conditions.sky_share, 0.1, "")),
    Form(rf"range\s*{_span('m')}", "range < 60m", "distance from the camera to the craft's origin, m",
         _simple(conditions.range_to_craft, 5.0, "m")),
    Form(r"shadow of craft on\s+(?P<node>.+)", "shadow of craft on panel",
         "one part of the craft casts a shadow on the parts whose name begins so", _shadow),
    Form(r"eclipse", "eclipse", "the planet hides a part of the Sun from the craft",
         lambda text, _fields, _subject: conditions.eclipsed(text, total=False)),
    Form(r"eclipse total", "eclipse total", "the planet hides all of it",
         lambda text, _fields, _subject: conditions.eclipsed(text, total=True)),
    Form(r"stars visible", "stars visible",
         "nothing sunlit outshines them: the craft in total eclipse, night on the ground in the picture",
         _stars),
    Form(rf"altitude\s*{_span('km')}", "altitude < 500km", "height of the craft, km",
         _simple(conditions.altitude, 5e4, "m", 1e3, of_time=True)),
    Form(rf"latitude\s+{_span('deg')}", "latitude 60..90", "latitude below the craft, degrees",
         _angular(conditions.latitude, -90.0, 90.0, of_time=True)),
    Form(rf"planet phase\s+{_span('deg')}", "planet phase 0..30", "phase angle of the planet from the craft, degrees",
         _angular(conditions.planet_phase, 0.0, 180.0, of_time=True)),
    Form(rf"{_BODY}\s+in\s+{_PART}", "earth in frame",
         "the centre of a body is in the picture, not behind the planet: sun, earth, moon, phobos ...",
         lambda text, fields, subject: _in_frame(text, _body(fields, subject), _part(fields))),
    Form(rf"{_BODY} hidden", "earth hidden", "the planet hides the centre of that body from the craft",
         _with_body(conditions.hidden)),
    Form(rf"{_BODY}\s+within\s+(?P<near>{_NUMBER})\s*(?:deg)?\s+of\s+(?P<other>[a-z][a-z0-9-]*)",
         "earth within 5deg of sun", "so close do the two stand in the sky", _within),
    Form(rf"distance to {_BODY}\s*{_span('km')}", "distance to phobos < 300km", "from the craft to its centre, km",
         lambda text, fields, subject: conditions.between(
             text, conditions.distance_to(_any_body(fields, subject)), *_bounds(fields, 1e3), 1e5, "m", of_time=True)),
)  # fmt: skip
"""The forms of condition, in the order in which they are tried."""


def _any_body(fields: _Fields, subject: Subject) -> str:
    """Return the name of a body in the sky, or of the one that the craft is at."""
    name = fields["body"].lower()
    return name if name == subject.resolved.body.name else _body(fields, subject)


def _check_contradictions(wants: list[Want]) -> None:
    """Refuse required wants that exclude each other by their words alone."""
    required = [want for want in wants if want.weight is None]
    for number, first in enumerate(required):
        for second in required[number + 1 :]:
            for a, b in ((first, second), (second, first)):
                if isinstance(a.expression, Without) and a.expression.part == b.expression:
                    raise SceneError(f"wants {b.text!r} and {a.text!r} contradict each other; leave out one of them")
            spans = _span_of(first.text), _span_of(second.text)
            if spans[0] and spans[1] and spans[0][0] == spans[1][0]:
                (kind, low, high), (_kind, low_2, high_2) = spans[0], spans[1]
                if high < low_2 or high_2 < low:
                    nearest = low_2 if high < low_2 else high_2
                    raise SceneError(
                        f"wants {first.text!r} and {second.text!r} contradict each other: no {kind} is in both; the "
                        f"first would have to reach {nearest:g}"
                    )


def _span_of(text: str) -> tuple[str, float, float] | None:
    """Return kind and bounds of a want that is one span, such as phase 30..70."""
    match = re.fullmatch(rf"([a-z ]+?)\s*{_span('deg|km|m')}", text)
    if not match:
        return None
    fields = {key: value for key, value in match.groupdict().items() if value}
    return match[1], *_bounds(fields)


def describe_leaf(leaf: Leaf, margin: float) -> str:
    """Return a margin in words: how far a condition is from being met."""
    value = abs(float(np.degrees(margin))) if leaf.unit == "deg" else abs(margin)
    return f"{value:.3g}{' ' + leaf.unit if leaf.unit else ''}"
