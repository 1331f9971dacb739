"""The craft's materials as a Mitsuba BSDF, with the formulas of ``shaders/craft.glsl``: both render the same material.

Mitsuba's own plastics and metals use other masking and Fresnel terms. This BSDF is written with Dr.Jit and runs in
vectorised variants only; :mod:`selfiesim.render.mitsuba.scene` has the substitute for the others.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from selfiesim.planet.light.photometry import GRAZING
from selfiesim.render.light.foil import NOISE_ROTATION

_NOISE_ROTATION = NOISE_ROTATION.tolist()  # floats: numpy's would turn Dr.Jit's arrays into numpy arrays
NAME = "selfiesim_surface"


@cache
def register(variant: str) -> str:
    """Register the BSDF with Mitsuba, once for each ``variant``; return its :data:`NAME`."""
    import drjit as dr
    import mitsuba as mi

    assert mi.variant() == variant
    mi.register_bsdf(NAME, lambda props: _surface_class(mi, dr)(props))
    return NAME


# One class with Mitsuba's interface; it has to be defined in a function.
@cache
def _surface_class(mi: Any, dr: Any) -> Any:
    """Return the BSDF's class; it is defined once the variant is set, because its base class belongs to the variant."""

    class Surface(mi.BSDF):  # type: ignore[misc]
        """A two-sided metallic-roughness surface with foil, textures, tints, grain and a clear coat."""

        def __init__(self, props: Any) -> None:
            mi.BSDF.__init__(self, props)
            self.base_color = mi.Color3f([float(v) for v in props["base_color"]])
            self.metallic, self.roughness = float(props["metallic"]), float(props["roughness"])
            self.crumple, self.crumple_scale = float(props["crumple"]), float(props["crumple_scale"])
            self.normal_scale, self.pixel_angle = float(props["normal_scale"]), float(props["pixel_angle"])
            self.f0_reflectance = mi.Color3f([float(v) for v in props["f0_reflectance"]])
            self.specular = float(props["specular"])
            self.clearcoat, self.anisotropy = float(props["clearcoat"]), float(props["anisotropy"])
            self.coat_alpha = _alpha(dr, mi.Float(float(props["clearcoat_roughness"])))
            self.law = [float(v) for v in props["law"].split()] if "law" in props else None
            self.eye = mi.Point3f([float(v) for v in props["eye"]])
            self.scene_to_body = mi.Transform4f(np.array(props["scene_to_body"].matrix).tolist())
            names = ("base", "rough", "normal", "tint", "grain", "specular_color", "specular_weight", "uv2")
            self.textures = {name: props[name] for name in names if name in props}
            self.uv2 = self.textures.get("uv2")
            slots = str(props["second_uv"]).split(",") if "second_uv" in props else []
            self.second_uv = {"specular_weight" if slot == "specular" else slot for slot in slots}
            sides = mi.BSDFFlags.FrontSide | mi.BSDFFlags.BackSide
            self.m_components = [mi.BSDFFlags.DiffuseReflection | sides, mi.BSDFFlags.GlossyReflection | sides]
            self.m_flags = self.m_components[0] | self.m_components[1]

        def sample(self, ctx: Any, si: Any, sample1: Any, sample2: Any, active: Any = True) -> Any:
            """Sample a direction from the lobe of the clear coat, the surface's own, or a cosine distribution."""
            shading_point = _ShadingPoint(mi, dr, self, si)
            out, glossy = shading_point.sample_direction(sample1, sample2)
            bsdf_sample = dr.zeros(mi.BSDFSample3f)
            bsdf_sample.wo, bsdf_sample.eta = out, 1.0
            bsdf_sample.sampled_type = dr.select(
                glossy, mi.UInt32(+mi.BSDFFlags.GlossyReflection), mi.UInt32(+mi.BSDFFlags.DiffuseReflection)
            )
            bsdf_sample.sampled_component = dr.select(glossy, mi.UInt32(1), mi.UInt32(0))
            bsdf_sample.pdf = shading_point.pdf(out)
            is_valid = active & (bsdf_sample.pdf > 1e-9)
            value = shading_point.value(out) / dr.maximum(bsdf_sample.pdf, 1e-9)
            return bsdf_sample, dr.select(is_valid, value, 0.0)

        def eval(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """Return the BRDF times the cosine."""
            return dr.select(active, _ShadingPoint(mi, dr, self, si).value(wo), 0.0)

        def pdf(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """Return the density of :meth:`sample`, per steradian."""
            return dr.select(active, _ShadingPoint(mi, dr, self, si).pdf(wo), 0.0)

        def eval_pdf(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """Return :meth:`eval` and :meth:`pdf`."""
            shading_point = _ShadingPoint(mi, dr, self, si)
            return dr.select(active, shading_point.value(wo), 0.0), dr.select(active, shading_point.pdf(wo), 0.0)

        def traverse(self, callback: Any) -> None:
            """Expose no parameters."""

    return Surface


class _ShadingPoint:
    """The material at the points that rays hit, and the frame of its bent normal."""

    def __init__(self, mi: Any, dr: Any, surface: Any, si: Any) -> None:
        self.mi, self.dr, textures = mi, dr, surface.textures
        self.si = self.second_si = si
        if surface.uv2 is not None:
            place = surface.uv2.eval(si)
            self.second_si = mi.SurfaceInteraction3f(si)
            self.second_si.uv = mi.Point2f(place.x, place.y)
        self.second_uv = surface.second_uv
        self.side = dr.select(si.wi.z < 0.0, -1.0, 1.0)
        self.base = mi.Color3f(surface.base_color)
        for name in ("base", "tint"):
            if name in textures:
                self.base *= textures[name].eval(self._si(name))
        metallic, roughness = mi.Float(surface.metallic), mi.Float(surface.roughness)
        if "rough" in textures:
            texel = textures["rough"].eval(self._si("rough"))
            roughness, metallic = roughness * texel.y, metallic * texel.z
        self.bent, unresolved = self._bent_normal(surface, si)
        if surface.crumple > 0.0:
            roughness = dr.minimum(dr.sqrt(dr.sqrt(roughness**4 + 2.0 * unresolved)), 1.0)
        self.roughness, self.metallic = roughness, metallic
        self.alpha = _alpha(dr, roughness)
        strength = 1.0 - _smoothstep(dr, 0.9, 1.0, roughness)
        coat, rim = mi.Color3f(surface.f0_reflectance), mi.Float(surface.specular)
        if "specular_color" in textures:
            coat *= textures["specular_color"].eval(self._si("specular_color"))
        if "specular_weight" in textures:
            rim *= textures["specular_weight"].eval_1(self._si("specular_weight"))
        rim = rim * strength
        coat = dr.minimum(coat, 1.0) * rim
        self.f0, self.f90 = dr.lerp(coat, self.base, metallic), dr.lerp(rim, 1.0, metallic)
        self.diffuse = self.base * dr.lerp(1.0 - metallic, 0.4, metallic * surface.crumple)
        self.law = surface.law
        self.coat = _coat_albedo(dr, roughness, dr.max(coat), rim)
        self._set_shading_frame(surface, si)
        self._set_clearcoat(surface, si)

    def _si(self, name: str) -> Any:
        """Return the interaction with the texture coordinates that a texture uses."""
        return self.second_si if name in self.second_uv else self.si

    def _set_shading_frame(self, surface: Any, si: Any) -> None:
        """Set the frame of the bent normal, whose first axis is along the grain, and the lobe in it."""
        mi, dr = self.mi, self.dr
        bent = self.bent
        self.alpha_along = self.alpha
        self.frame = mi.Frame3f(bent)
        if "grain" in surface.textures:
            self.alpha_along = dr.lerp(self.alpha, 1.0, surface.anisotropy**2)
            grain = si.sh_frame.to_local(mi.Vector3f(surface.textures["grain"].eval(si)))
            grain.z *= self.side
            grain = dr.normalize(grain - bent * dr.dot(bent, grain))
            self.frame = mi.Frame3f(grain, dr.cross(bent, grain), bent)
        self.eye = self.frame.to_local(mi.Vector3f(si.wi.x, si.wi.y, si.wi.z * self.side))
        self.lobe = mi.MicrofacetDistribution(mi.MicrofacetType.GGX, self.alpha_along, self.alpha, True)
        share = dr.clip(dr.max(self.f0) * 4.0 / (dr.max(self.f0) * 4.0 + dr.max(self.diffuse)), 0.1, 1.0)
        self.glossy_share = dr.select(self.eye.z > 0.01, dr.select(dr.max(self.diffuse) > 0.0, share, 1.0), 0.0)

    def _set_clearcoat(self, surface: Any, si: Any) -> None:
        """Set the clear coat, which is as smooth as the mesh: its lobe is centred on the mesh's normal."""
        mi, dr = self.mi, self.dr
        self.clearcoat, self.clearcoat_alpha = surface.clearcoat, surface.coat_alpha
        self.clearcoat_eye = mi.Vector3f(si.wi.x, si.wi.y, si.wi.z * self.side)
        self.clearcoat_lobe = mi.MicrofacetDistribution(
            mi.MicrofacetType.GGX, self.clearcoat_alpha, self.clearcoat_alpha, True
        )
        self.coat_reflectance = self.clearcoat * _schlick(0.04, 1.0, dr.clip(self.clearcoat_eye.z, 0.02, 1.0))
        # Split as between gloss and base: only its own lobe finds the light in a mirror.
        below = (1.0 - self.coat_reflectance) * (dr.max(self.f0) + dr.max(self.diffuse))
        share = dr.clip(4.0 * self.coat_reflectance / (4.0 * self.coat_reflectance + below), 0.1, 0.9)
        self.clearcoat_share = dr.select((self.clearcoat_eye.z > 1e-4) & (self.clearcoat > 0.0), share, 0.0)

    def _bent_normal(self, surface: Any, si: Any) -> tuple[Any, Any]:
        """Return the normal after normal map and foil, local axes, eye's side; variance of unresolved slopes."""
        mi, dr = self.mi, self.dr
        normal = mi.Vector3f(si.sh_frame.n)
        bent, unresolved = normal * self.side, mi.Float(0.0)
        if "normal" in surface.textures:
            n = surface.textures["normal"].eval(self._si("normal")) * (255.0 / 127.0) - 128.0 / 127.0
            along = dr.normalize(si.dp_du - normal * dr.dot(normal, si.dp_du))
            other = dr.cross(normal, along)
            other *= dr.sign(dr.dot(other, si.dp_dv))
            tilt = along * (n.x * surface.normal_scale) + other * (n.y * surface.normal_scale)
            bent = dr.normalize(tilt + normal * n.z) * self.side
        if surface.crumple > 0.0:
            pixel_m = dr.norm(surface.eye - si.p) * surface.pixel_angle
            # The noise of foil is fixed to the axes of its own craft.
            to_body = surface.scene_to_body
            crumpled, unresolved = _crumple_normal(
                mi, dr, to_body @ mi.Vector3f(bent), mi.Vector3f(to_body @ si.p), pixel_m, surface
            )
            bent = to_body.inverse() @ crumpled
        local = si.sh_frame.to_local(bent)
        return mi.Normal3f(local.x, local.y, local.z * self.side), unresolved

    def sample_direction(self, sample1: Any, sample2: Any) -> Any:
        """Return a direction, in the surface's axes, and whether it is from a lobe, by three random numbers."""
        dr, mi = self.dr, self.mi
        clear = sample1 < self.clearcoat_share
        rest = (sample1 - self.clearcoat_share) / (1.0 - self.clearcoat_share)
        glossy = ~clear & (rest < self.glossy_share)
        half, _ = self.lobe.sample(self.eye, sample2)
        below = dr.select(glossy, mi.reflect(self.eye, half), mi.warp.square_to_cosine_hemisphere(sample2))
        out = self.frame.to_world(below)
        if self.clearcoat > 0.0:
            half, _ = self.clearcoat_lobe.sample(self.clearcoat_eye, sample2)
            out = dr.select(clear, mi.reflect(self.clearcoat_eye, half), out)
        return mi.Vector3f(out.x, out.y, out.z * self.side), clear | glossy

    def _in_both_frames(self, wo: Any) -> Any:
        """Return a direction in the frames of the mesh's and of the bent normal, and whether it is above both."""
        up = self.mi.Vector3f(wo.x, wo.y, wo.z * self.side)
        light = self.frame.to_local(up)
        return up, light, (up.z > 0.0) & (light.z > 0.0)

    def value(self, wo: Any) -> Any:
        """Return the BRDF times the cosine: craftRadiance and applyClearcoat in craft.glsl."""
        dr = self.dr
        up, light, lit = self._in_both_frames(wo)
        nl, nv = dr.maximum(light.z, 0.0), dr.clip(self.eye.z, 0.02, 1.0)
        level, rise, power = self.coat
        coat_average = dr.minimum(level + 2.0 * rise / ((power + 1.0) * (power + 2.0)), 0.999)
        if self.law is None:
            below = self._coat_transmittance(nl) * self._coat_transmittance(nv) / (1.0 - coat_average)
        else:
            below = self._regolith(nl, nv, dr.dot(light, self.eye)) / 1.5
        gloss = _ggx_specular(dr, self.f0, self.f90, self.alpha_along, self.alpha, light, self.eye)
        surface = dr.select(lit, (self.diffuse * (below / dr.pi) + gloss) * nl, 0.0)
        if self.clearcoat == 0.0:
            return surface
        alpha = self.clearcoat_alpha
        coat = self.clearcoat * _ggx_specular(dr, 0.04, 1.0, alpha, alpha, up, self.clearcoat_eye) * up.z
        return surface * (1.0 - self.coat_reflectance) + dr.select(up.z > 0.0, coat, 0.0)

    def _regolith(self, nl: Any, nv: Any, cos_phase: Any) -> Any:
        """Return a law of regolith over the cosine of incidence: bidirectional in photometry.glsl."""
        dr, law = self.dr, self.law
        c = dr.clip(cos_phase, -1.0, 1.0)
        surge = law[8] / (1.0 + dr.sqrt((1.0 - c) / (1.0 + c + 1e-6)) / law[9])
        single, diffuse = (((a * c + b) * c + d) * c + e for a, b, d, e in (law[:4], law[4:8]))
        return dr.maximum(single + surge, 0.0) / (nl + nv + GRAZING) + dr.maximum(diffuse, 0.0)

    def _coat_transmittance(self, mu: Any) -> Any:
        """Return the fraction of the light at a cosine that passes the coat."""
        level, rise, power = self.coat
        return 1.0 - self.dr.minimum(level + rise * self.dr.maximum(1.0 - mu, 0.0) ** power, 1.0)

    def pdf(self, wo: Any) -> Any:
        """Return the density of the sampling, per steradian; samples of a lobe below the surface are lost."""
        dr, mi = self.dr, self.mi
        up, light, lit = self._in_both_frames(wo)
        diffuse = dr.maximum(mi.warp.square_to_cosine_hemisphere_pdf(light), 0.0)
        both = self.glossy_share * _lobe_pdf(dr, self.lobe, self.eye, light) + (1.0 - self.glossy_share) * diffuse
        density = dr.select(lit | (self.clearcoat > 0.0), both, 0.0)
        if self.clearcoat > 0.0:
            density = dr.lerp(density, _lobe_pdf(dr, self.clearcoat_lobe, self.clearcoat_eye, up), self.clearcoat_share)
        return dr.select(up.z > 0.0, density, 0.0)


def _alpha(dr: Any, roughness: Any) -> Any:
    return dr.maximum(roughness * roughness, 0.003)


def _schlick(f0: Any, f90: Any, cosine: Any) -> Any:
    return f0 + (f90 - f0) * (1.0 - cosine) ** 5


def _ggx_specular(dr: Any, f0: Any, f90: Any, wide: Any, alpha: Any, light: Any, eye: Any) -> Any:
    """Return the GGX BRDF of width ``wide`` along x and ``alpha`` along y: specularAnisotropic in craft.glsl."""
    half = dr.normalize(light + eye)
    nl, nv = dr.maximum(light.z, 0.0), dr.clip(eye.z, 0.02, 1.0)
    d = (half.x / wide) ** 2 + (half.y / alpha) ** 2 + half.z**2
    of_view = nl * dr.sqrt((wide * eye.x) ** 2 + (alpha * eye.y) ** 2 + nv**2)
    of_light = nv * dr.sqrt((wide * light.x) ** 2 + (alpha * light.y) ** 2 + nl**2)
    fresnel = _schlick(f0, f90, dr.clip(dr.dot(eye, half), 0.0, 1.0))
    return 0.5 / (dr.pi * wide * alpha * d * d * (of_view + of_light + 1e-5)) * fresnel


def _lobe_pdf(dr: Any, lobe: Any, eye: Any, light: Any) -> Any:
    half = dr.normalize(light + eye)
    across = dr.dot(eye, half)
    return dr.select(across > 0.0, lobe.pdf(eye, half) / (4.0 * dr.maximum(across, 1e-6)), 0.0)


def _smoothstep(dr: Any, low: float, high: float, x: Any) -> Any:
    t = dr.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _coat_albedo(dr: Any, roughness: Any, f0: Any, f90: Any) -> Any:
    """Return level, rise and power of a coat's directional albedo: coatAlbedo in craft.glsl."""
    r2 = roughness * roughness
    level = f0 / 0.04 * (0.0404 + r2 * (-0.0296 + 0.0048 * roughness))
    rise = dr.maximum(f90 - f0, 0.0) / 0.96 * 1.09 / (1.0 + r2 * (9.7024 + roughness * 22.9546 - r2 * 16.1626))
    power = dr.minimum(5.6191 + roughness * (-10.9817 + roughness * (14.5214 - roughness * 4.9621)), 5.0)
    return level, rise, power


def _hash(dr: Any, x: Any, y: Any, z: Any) -> Any:
    """Hash a lattice cell to a number in [0, 1): hash1 in noise.glsl."""
    px, py, pz = _mix(dr, x, y, z)
    return _fract(dr, (px + py) * pz)


def _hash3(mi: Any, dr: Any, cell: Any) -> Any:
    """Hash a lattice cell to three numbers in [0, 1): hash3 in noise.glsl."""
    px, py, pz = _mix(dr, cell.x, cell.y, cell.z)
    return mi.Vector3f(_fract(dr, (px + py) * pz), _fract(dr, (px + pz) * py), _fract(dr, (py + pz) * px))


def _mix(dr: Any, x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    px, py, pz = _fract(dr, x * 0.1031), _fract(dr, y * 0.1030), _fract(dr, z * 0.0973)
    shift = px * (py + 33.33) + py * (px + 33.33) + pz * (pz + 33.33)
    return px + shift, py + shift, pz + shift


def _fract(dr: Any, x: Any) -> Any:
    return x - dr.floor(x)


def _noise(mi: Any, dr: Any, at: Any) -> tuple[Any, Any]:
    """Return value noise in [-1, 1] and its gradient: noiseWithGradient in craft.glsl."""
    cell = dr.floor(at)
    f = at - cell
    w, dw = f * f * f * (f * (f * 6.0 - 15.0) + 10.0), 30.0 * f * f * (f * (f - 2.0) + 1.0)

    def corner(i: int, j: int, k: int) -> Any:
        return _hash(dr, cell.x + i, cell.y + j, cell.z + k)

    along_x = {(j, k): (corner(0, j, k), corner(1, j, k)) for j in (0, 1) for k in (0, 1)}
    y = {jk: dr.lerp(*ends, w.x) for jk, ends in along_x.items()}
    z0, z1 = dr.lerp(y[0, 0], y[1, 0], w.y), dr.lerp(y[0, 1], y[1, 1], w.y)
    rise = {jk: ends[1] - ends[0] for jk, ends in along_x.items()}
    dx = dr.lerp(dr.lerp(rise[0, 0], rise[1, 0], w.y), dr.lerp(rise[0, 1], rise[1, 1], w.y), w.z) * dw.x
    dy = dr.lerp(y[1, 0] - y[0, 0], y[1, 1] - y[0, 1], w.z) * dw.y
    return 2.0 * dr.lerp(z0, z1, w.z) - 1.0, 2.0 * mi.Vector3f(dx, dy, (z1 - z0) * dw.z)


def _facet_tilt(mi: Any, dr: Any, at: Any) -> Any:
    """Return the tilt of the flat facet at a place: facetTilt in craft.glsl."""
    cell = dr.floor(at - 0.5)
    tilt, nearest = mi.Vector3f(0.0), mi.Float(9.0)
    for k in range(8):
        other = cell + mi.Vector3f(k & 1, (k >> 1) & 1, k >> 2)
        randoms = _hash3(mi, dr, other)
        away = other + 0.15 + 0.7 * randoms - at
        distance2 = dr.dot(away, away)
        nearer = distance2 < nearest
        nearest = dr.select(nearer, distance2, nearest)
        tilt = dr.select(nearer, mi.Vector3f(randoms.z, randoms.x, randoms.y) - 0.5, tilt)
    return tilt


def _crumple_normal(mi: Any, dr: Any, normal: Any, position: Any, pixel_m: Any, surface: Any) -> tuple[Any, Any]:
    """Return the normal of crumpled foil and the variance of unresolved slopes: crumpleNormal in craft.glsl."""
    scale = surface.crumple_scale

    def rotated(v: Any) -> Any:
        return mi.Vector3f(*(row[0] * v.x + row[1] * v.y + row[2] * v.z for row in _NOISE_ROTATION))

    place = rotated(position)
    _, sag = _noise(mi, dr, place / (4.0 * scale))
    _, bend = _noise(mi, dr, mi.Vector3f(place.z, place.x, place.y) / (1.1 * scale) + 7.3)
    slope = mi.Vector3f(
        *(
            _NOISE_ROTATION[0][i] * sag.x + _NOISE_ROTATION[1][i] * sag.y + _NOISE_ROTATION[2][i] * sag.z
            for i in range(3)
        )
    )
    visible = dr.clip(1.5 - pixel_m / scale, 0.0, 1.0)
    slope *= 0.30 * visible
    unresolved = 0.0526 * (1.0 - visible * visible)
    size, share = 1.15 * scale, 1.5
    for k in range(3):
        visible = dr.clip(1.5 - 3.0 * pixel_m / size, 0.0, 1.0)
        unresolved += share * share / 12.0 * (1.0 - visible * visible)
        slope += share * visible * _facet_tilt(mi, dr, place / size + 0.22 * bend + 11.7 * k)
        place = rotated(place)
        size *= 0.42
        share *= 0.65
    slope -= normal * dr.dot(slope, normal)
    return dr.normalize(normal + surface.crumple * slope), surface.crumple**2 * unresolved
