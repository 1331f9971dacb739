"""The craft's surfaces for Mitsuba: the formulas of ``shaders/craft.glsl`` over again, so that both draw one material.

Mitsuba's own plastics and metals follow other laws of masking and of reflection at the rim. Written with Dr.Jit, this
runs in the vectorised variants only; :mod:`selfiesim.render.mitsuba.scene` has what stands in elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

# What tilts the noise of foil against the axes (as craft.glsl has it).
_NOISE_ROTATION = ((0.74, -0.62, 0.25), (0.51, 0.76, 0.40), (-0.44, -0.17, 0.88))
NAME = "selfiesim_surface"


@cache
def register(variant: str) -> str:
    """Make the surface known to Mitsuba under :data:`NAME`, which is returned; once for each ``variant``."""
    import drjit as dr
    import mitsuba as mi

    assert mi.variant() == variant
    mi.register_bsdf(NAME, lambda props: _surface_class(mi, dr)(props))
    return NAME


@cache
def _surface_class(mi: Any, dr: Any) -> Any:
    """The class, which exists only once Mitsuba's variant is chosen: its base belongs to the variant."""

    class Surface(mi.BSDF):  # type: ignore[misc]
        """A metallic-roughness surface with foil, textures, tints, grain and a clear coat; both sides alike."""

        def __init__(self, props: Any) -> None:
            mi.BSDF.__init__(self, props)
            self.base_color = mi.Color3f([float(v) for v in props["base_color"]])
            self.metallic, self.roughness = float(props["metallic"]), float(props["roughness"])
            self.crumple, self.crumple_scale = float(props["crumple"]), float(props["crumple_scale"])
            self.normal_scale, self.pixel_angle = float(props["normal_scale"]), float(props["pixel_angle"])
            self.f0_reflectance, self.specular = (
                mi.Color3f([float(v) for v in props["f0_reflectance"]]),
                float(props["specular"]),
            )
            self.clearcoat, self.anisotropy = float(props["clearcoat"]), float(props["anisotropy"])
            self.coat_alpha = _alpha(dr, mi.Float(float(props["clearcoat_roughness"])))
            self.eye = mi.Point3f([float(v) for v in props["eye"]])
            self.scene_to_body = mi.Transform4f(np.array(props["scene_to_body"].matrix).tolist())
            names = ("base", "rough", "normal", "tint", "grain", "specular_color", "share")
            self.textures = {name: props[name] for name in names if name in props}
            sides = mi.BSDFFlags.FrontSide | mi.BSDFFlags.BackSide
            self.m_components = [mi.BSDFFlags.DiffuseReflection | sides, mi.BSDFFlags.GlossyReflection | sides]
            self.m_flags = self.m_components[0] | self.m_components[1]

        def sample(self, ctx: Any, si: Any, sample1: Any, sample2: Any, active: Any = True) -> Any:
            """A direction: by the clear coat's lobe, by the surface's own, or evenly over the hemisphere."""
            shading_point = _ShadingPoint(mi, dr, self, si)
            out, glossy = shading_point.sample_direction(sample1, sample2)
            found = dr.zeros(mi.BSDFSample3f)
            found.wo, found.eta = out, 1.0
            found.sampled_type = dr.select(
                glossy, mi.UInt32(+mi.BSDFFlags.GlossyReflection), mi.UInt32(+mi.BSDFFlags.DiffuseReflection)
            )
            found.sampled_component = dr.select(glossy, mi.UInt32(1), mi.UInt32(0))
            found.pdf = shading_point.pdf(out)
            good = active & (found.pdf > 1e-9)
            value = shading_point.value(out) / dr.maximum(found.pdf, 1e-9)
            return found, dr.select(good, value, 0.0)

        def eval(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """Light passed on per light that arrives, times the cosine."""
            return dr.select(active, _ShadingPoint(mi, dr, self, si).value(wo), 0.0)

        def pdf(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """How densely :meth:`sample` strews directions."""
            return dr.select(active, _ShadingPoint(mi, dr, self, si).pdf(wo), 0.0)

        def eval_pdf(self, ctx: Any, si: Any, wo: Any, active: Any = True) -> Any:
            """Both of them."""
            shading_point = _ShadingPoint(mi, dr, self, si)
            return dr.select(active, shading_point.value(wo), 0.0), dr.select(active, shading_point.pdf(wo), 0.0)

        def traverse(self, callback: Any) -> None:
            """Nothing of it is there to be changed."""

    return Surface


class _ShadingPoint:
    """One surface as one eye sees it: its numbers at the points met, and the frame of its bent normal."""

    def __init__(self, mi: Any, dr: Any, surface: Any, si: Any) -> None:
        self.mi, self.dr, textures = mi, dr, surface.textures
        self.side = dr.select(si.wi.z < 0.0, -1.0, 1.0)
        self.base = mi.Color3f(surface.base_color)
        for name in ("base", "tint"):
            if name in textures:
                self.base *= textures[name].eval(si)
        metallic, roughness = mi.Float(surface.metallic), mi.Float(surface.roughness)
        if "rough" in textures:
            picture = textures["rough"].eval(si)
            roughness, metallic = roughness * picture.y, metallic * picture.z
        self.roughness, self.metallic = roughness, metallic
        self.alpha = _alpha(dr, roughness)
        matt = 1.0 - _smoothstep(dr, 0.9, 1.0, roughness)
        coat, rim = mi.Color3f(surface.f0_reflectance), mi.Float(surface.specular)
        if "specular_color" in textures:
            coat *= textures["specular_color"].eval(si)
        if "share" in textures:
            rim *= textures["share"].eval_1(si)
        rim = rim * matt
        coat = dr.minimum(coat, 1.0) * rim
        self.f0, self.f90 = dr.lerp(coat, self.base, metallic), dr.lerp(rim, 1.0, metallic)
        self.diffuse = self.base * dr.lerp(1.0 - metallic, 0.4, metallic * surface.crumple)
        self.coat = _coat_albedo(dr, roughness, dr.max(coat), rim)
        self._set_shading_frame(surface, si)
        self._set_clearcoat(surface, si)

    def _set_shading_frame(self, surface: Any, si: Any) -> None:
        """The frame of the bent normal, its first axis along the grain, and the lobe in it."""
        mi, dr = self.mi, self.dr
        bent = self._bent_normal(surface, si)
        self.wide = self.alpha
        self.frame = mi.Frame3f(bent)
        if "grain" in surface.textures:
            self.wide = dr.lerp(self.alpha, 1.0, surface.anisotropy**2)
            told = si.sh_frame.to_local(mi.Vector3f(surface.textures["grain"].eval(si)))
            told.z *= self.side
            grain = dr.normalize(told - bent * dr.dot(bent, told))
            self.frame = mi.Frame3f(grain, dr.cross(bent, grain), bent)
        self.eye = self.frame.to_local(mi.Vector3f(si.wi.x, si.wi.y, si.wi.z * self.side))
        self.lobe = mi.MicrofacetDistribution(mi.MicrofacetType.GGX, self.wide, self.alpha, True)
        toward = dr.clip(dr.max(self.f0) * 4.0 / (dr.max(self.f0) * 4.0 + dr.max(self.diffuse)), 0.1, 1.0)
        self.glossy_share = dr.select(self.eye.z > 0.01, dr.select(dr.max(self.diffuse) > 0.0, toward, 1.0), 0.0)

    def _set_clearcoat(self, surface: Any, si: Any) -> None:
        """The clear coat: as smooth as the mesh, about whose normal its lobe lies."""
        mi, dr = self.mi, self.dr
        self.clear, self.clear_alpha = surface.clearcoat, surface.coat_alpha
        self.clear_eye = mi.Vector3f(si.wi.x, si.wi.y, si.wi.z * self.side)
        self.clear_lobe = mi.MicrofacetDistribution(mi.MicrofacetType.GGX, self.clear_alpha, self.clear_alpha, True)
        self.held = self.clear * _schlick(0.04, 1.0, dr.clip(self.clear_eye.z, 0.02, 1.0))
        # As the gloss beside the base: a mirror's light is found by its own lobe alone.
        below = (1.0 - self.held) * (dr.max(self.f0) + dr.max(self.diffuse))
        toward = dr.clip(4.0 * self.held / (4.0 * self.held + below), 0.1, 0.9)
        self.clear_share = dr.select((self.clear_eye.z > 1e-4) & (self.clear > 0.0), toward, 0.0)

    def _bent_normal(self, surface: Any, si: Any) -> Any:
        """The normal (local axes, turned to the eye's side) after normal map and foil."""
        mi, dr = self.mi, self.dr
        normal = mi.Vector3f(si.sh_frame.n)
        bent = normal * self.side
        if "normal" in surface.textures:
            told = surface.textures["normal"].eval(si) * (255.0 / 127.0) - 128.0 / 127.0
            along = dr.normalize(si.dp_du - normal * dr.dot(normal, si.dp_du))
            other = dr.cross(normal, along)
            other *= dr.sign(dr.dot(other, si.dp_dv))
            tilt = along * (told.x * surface.normal_scale) + other * (told.y * surface.normal_scale)
            bent = dr.normalize(tilt + normal * told.z) * self.side
        if surface.crumple > 0.0:
            size = dr.norm(surface.eye - si.p) * surface.pixel_angle
            # The noise of foil is tied to the axes of the craft that wears it.
            own = surface.scene_to_body
            folded = _crumpled(mi, dr, own @ mi.Vector3f(bent), mi.Vector3f(own @ si.p), size, surface)
            bent = own.inverse() @ folded
        local = si.sh_frame.to_local(bent)
        return mi.Normal3f(local.x, local.y, local.z * self.side)

    def sample_direction(self, sample1: Any, sample2: Any) -> Any:
        """A direction, surface's axes, and whether a lobe gave it, by three random numbers."""
        dr, mi = self.dr, self.mi
        clear = sample1 < self.clear_share
        rest = (sample1 - self.clear_share) / (1.0 - self.clear_share)
        glossy = ~clear & (rest < self.glossy_share)
        half, _ = self.lobe.sample(self.eye, sample2)
        below = dr.select(glossy, mi.reflect(self.eye, half), mi.warp.square_to_cosine_hemisphere(sample2))
        out = self.frame.to_world(below)
        if self.clear > 0.0:
            half, _ = self.clear_lobe.sample(self.clear_eye, sample2)
            out = dr.select(clear, mi.reflect(self.clear_eye, half), out)
        return mi.Vector3f(out.x, out.y, out.z * self.side), clear | glossy

    def _in_both_frames(self, wo: Any) -> Any:
        """A direction about the mesh's normal and about the bent one, and whether it leaves on the eye's side."""
        up = self.mi.Vector3f(wo.x, wo.y, wo.z * self.side)
        light = self.frame.to_local(up)
        return up, light, (up.z > 0.0) & (light.z > 0.0)

    def value(self, wo: Any) -> Any:
        """BRDF times cosine: see craftRadiance and applyClearcoat in craft.glsl."""
        dr = self.dr
        up, light, lit = self._in_both_frames(wo)
        nl, nv = dr.maximum(light.z, 0.0), dr.clip(self.eye.z, 0.02, 1.0)
        level, rise, power = self.coat
        spread = dr.minimum(level + 2.0 * rise / ((power + 1.0) * (power + 2.0)), 0.999)
        below = self._coat_transmittance(nl) * self._coat_transmittance(nv) / (1.0 - spread)
        gloss = _ggx_specular(dr, self.f0, self.f90, self.wide, self.alpha, light, self.eye)
        passed = dr.select(lit, (self.diffuse * (below / dr.pi) + gloss) * nl, 0.0)
        if self.clear == 0.0:
            return passed
        alpha = self.clear_alpha
        glass = self.clear * _ggx_specular(dr, 0.04, 1.0, alpha, alpha, up, self.clear_eye) * up.z
        return passed * (1.0 - self.held) + dr.select(up.z > 0.0, glass, 0.0)

    def _coat_transmittance(self, mu: Any) -> Any:
        """Share of the light at this cosine that gets through the coat."""
        level, rise, power = self.coat
        return 1.0 - self.dr.minimum(level + rise * self.dr.maximum(1.0 - mu, 0.0) ** power, 1.0)

    def pdf(self, wo: Any) -> Any:
        """Density of the sampling, per steradian; what a lobe sends below the surface is lost."""
        dr, mi = self.dr, self.mi
        up, light, lit = self._in_both_frames(wo)
        even = dr.maximum(mi.warp.square_to_cosine_hemisphere_pdf(light), 0.0)
        both = self.glossy_share * _lobe_pdf(dr, self.lobe, self.eye, light) + (1.0 - self.glossy_share) * even
        found = dr.select(lit | (self.clear > 0.0), both, 0.0)
        if self.clear > 0.0:
            found = dr.lerp(found, _lobe_pdf(dr, self.clear_lobe, self.clear_eye, up), self.clear_share)
        return dr.select(up.z > 0.0, found, 0.0)


def _alpha(dr: Any, roughness: Any) -> Any:
    return dr.maximum(roughness * roughness, 0.003)


def _schlick(f0: Any, f90: Any, cosine: Any) -> Any:
    return f0 + (f90 - f0) * (1.0 - cosine) ** 5


def _ggx_specular(dr: Any, f0: Any, f90: Any, wide: Any, alpha: Any, light: Any, eye: Any) -> Any:
    """What a lobe of width ``wide`` along x and ``alpha`` along y mirrors: specular and brushed in craft.glsl."""
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
    """Level, rise and power of what a coat mirrors of light at one cosine: coatAlbedo in craft.glsl."""
    r2 = roughness * roughness
    level = f0 / 0.04 * (0.0404 + r2 * (-0.0296 + 0.0048 * roughness))
    rise = dr.maximum(f90 - f0, 0.0) / 0.96 * 1.09 / (1.0 + r2 * (9.7024 + roughness * 22.9546 - r2 * 16.1626))
    power = dr.minimum(5.6191 + roughness * (-10.9817 + roughness * (14.5214 - roughness * 4.9621)), 5.0)
    return level, rise, power


def _hash(dr: Any, x: Any, y: Any, z: Any) -> Any:
    """A number in [0, 1) for each cell of a lattice: hash1 in noise.glsl."""
    px, py, pz = _fract(dr, x * 0.1031), _fract(dr, y * 0.1030), _fract(dr, z * 0.0973)
    shift = px * (py + 33.33) + py * (px + 33.33) + pz * (pz + 33.33)
    px, py, pz = px + shift, py + shift, pz + shift
    return _fract(dr, (px + py) * pz)


def _fract(dr: Any, x: Any) -> Any:
    return x - dr.floor(x)


def _noise(mi: Any, dr: Any, at: Any) -> tuple[Any, Any]:
    """Value noise in [-1, 1] and its gradient: noiseWithGradient in craft.glsl."""
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
    """The tilt of the flat facet at a place: facetTilt in craft.glsl."""
    cell = dr.floor(at - 0.5)
    tilt, nearest = mi.Vector3f(0.0), mi.Float(9.0)
    for k in range(8):
        other = cell + mi.Vector3f(k & 1, (k >> 1) & 1, k >> 2)
        randoms = _hash3(mi, dr, other)
        away = other + 0.15 + 0.7 * randoms - at
        far = dr.dot(away, away)
        nearer = far < nearest
        nearest = dr.select(nearer, far, nearest)
        tilt = dr.select(nearer, mi.Vector3f(randoms.z, randoms.x, randoms.y) - 0.5, tilt)
    return tilt


def _hash3(mi: Any, dr: Any, cell: Any) -> Any:
    """Three numbers in [0, 1) for each cell of a lattice: hash3 in noise.glsl."""
    px, py, pz = _fract(dr, cell.x * 0.1031), _fract(dr, cell.y * 0.1030), _fract(dr, cell.z * 0.0973)
    shift = px * (py + 33.33) + py * (px + 33.33) + pz * (pz + 33.33)
    px, py, pz = px + shift, py + shift, pz + shift
    return mi.Vector3f(_fract(dr, (px + py) * pz), _fract(dr, (px + pz) * py), _fract(dr, (py + pz) * px))


def _crumpled(mi: Any, dr: Any, normal: Any, position: Any, pixel_size: Any, surface: Any) -> Any:
    """The normal of crumpled foil: crumpled in craft.glsl."""
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
    slope *= 0.30 * dr.clip(1.5 - pixel_size / scale, 0.0, 1.0)
    size, share = 1.15 * scale, 1.5
    for k in range(3):
        visible = dr.clip(1.5 - 3.0 * pixel_size / size, 0.0, 1.0)
        slope += share * visible * _facet_tilt(mi, dr, place / size + 0.22 * bend + 11.7 * k)
        place = rotated(place)
        size *= 0.42
        share *= 0.65
    slope -= normal * dr.dot(slope, normal)
    return dr.normalize(normal + surface.crumple * slope)
