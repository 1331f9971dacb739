// Dust in the air, one scattering; see selfiesim/planet/atmosphere.py for the numbers.

// How many times the vertical column a path to space at this zenith cosine holds: Schueler's form of Chapman's function.
float airmass(float mu) {
    float grazing = sqrt(1.5707963 / hazeHeight);
    return grazing / ((grazing - 1.0) * mu + 1.0);
}

// Light scattered toward the eye along a path of `paths` vertical columns over the ground point `up`.
vec3 hazeRadiance(vec3 up, float cosPhase, float paths) {
    float mu0 = dot(up, sunDirection);
    // What is seen lies where the line of sight has come through about one optical depth.
    vec3 above = min(hazeDepth, 1.0 / paths);
    vec3 sunlight = exp(-above * airmass(max(mu0, 0.0)));
    // Behind the terminator only the air above the planet's shadow is lit.
    if (mu0 < 0.0) sunlight *= exp(-0.5 * mu0 * mu0 / hazeHeight);
    vec3 g = hazeAsymmetry;
    vec3 spread = 1.0 + g * g + 2.0 * g * cosPhase; // scattering angle = 180 degrees - phase angle
    vec3 phase = (1.0 - g * g) / (spread * sqrt(spread));
    return sunIrradiance * 0.07957747 * hazeAlbedo * phase * sunlight;
}

// Share of sunlight that reaches the ground, beyond what one vertical column takes: a low Sun's beam is dimmed, and
// about half of what is scattered out of it still comes down.
vec3 sunlightKept(float mu0) {
    return mix(0.5 * hazeAlbedo, vec3(1.0), exp(-hazeDepth * (airmass(max(mu0, 0.0)) - 1.0)));
}

// Ground seen through a slanting path: dimmed and veiled by what the path holds beyond one vertical column.
vec3 veiled(vec3 ground, vec3 up, float mu, float cosPhase) {
    float paths = airmass(mu);
    vec3 kept = exp(-hazeDepth * (paths - 1.0));
    return ground * kept + hazeRadiance(up, cosPhase, paths) * (exp(-hazeDepth) - exp(-hazeDepth * paths));
}

// The air above the limb: `height` in planet radii over the ground at the ray's lowest point.
vec3 limbHaze(vec3 up, float height, float cosPhase) {
    float paths = 2.0 * airmass(0.0) * exp(-height / hazeHeight);
    return hazeRadiance(up, cosPhase, max(paths, 1.0)) * (1.0 - exp(-hazeDepth * paths));
}
