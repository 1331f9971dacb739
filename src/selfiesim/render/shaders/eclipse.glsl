// The shadow of a moon on the ground (selfiesim/sky/casters.py): the Sun and the moon as two overlapping circles.
#ifdef ECLIPSE

// Fraction of the Sun that a round body (position and radius) leaves visible from a place; lengths in planet radii.
float sunFractionBehind(vec4 caster, vec3 place) {
    vec3 toCaster = caster.xyz - place;
    float along = dot(toCaster, sunCenter.xyz);
    float r = caster.w / max(along, 1.0e-6), s = sunCenter.w;
    float apart = max(length(toCaster - along * sunCenter.xyz) / max(along, 1.0e-6), 1.0e-9);
    // Area common to both circles. The clamps cover one circle inside the other, and separate circles.
    float a = clamp((apart * apart + r * r - s * s) / (2.0 * apart * max(r, 1.0e-9)), -1.0, 1.0);
    float b = clamp((apart * apart + s * s - r * r) / (2.0 * apart * s), -1.0, 1.0);
    float kite = (r + s - apart) * (apart + r - s) * (apart - r + s) * (apart + r + s);
    float overlap = r * r * acos(a) + s * s * acos(b) - 0.5 * sqrt(max(kite, 0.0));
    return along > 0.0 ? 1.0 - clamp(overlap / (3.14159265 * s * s), 0.0, 1.0) : 1.0;
}

// Share of sunlight that reaches a place, with what the Earth's air refracts into its shadow (sky/earth_shadow.py).
vec3 sunShareAt(vec3 place) {
    float direct = sunFractionBehind(casterOne, place) * sunFractionBehind(casterTwo, place);
#ifdef REFRACTED
    vec3 toEarth = casterOne.xyz - place;
    float along = max(dot(toEarth, sunCenter.xyz), 1.0e-6);
    float depth = min(length(toEarth - along * sunCenter.xyz) / (casterOne.w - along * sunCenter.w), 1.0);
    return direct + (1.0 - direct) * exp(mix(logUmbraCenter, logUmbraEdge, depth * depth));
#else
    return vec3(direct);
#endif
}
#endif
