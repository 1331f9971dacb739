// Dust and gas in the air. The numbers, and what is approximated, are in selfiesim/planet/light/atmosphere.py.
//
// The reflection law of the ground already includes the air of a clear day seen straight down (hazeBaselineDepth); only
// the optical depth beyond that is rendered. Everything is per band.

// Air mass of a path to space at a zenith cosine: Schueler's form of Chapman's function.
float airmass(float mu) {
    return hazeGrazing / ((hazeGrazing - 1.0) * mu + 1.0);
}

// Chandrasekhar's H for isotropic scattering in Hapke's two-stream form: how much multiple scattering adds.
vec3 multipleScattering(float mu) { return (1.0 + 2.0 * mu) / (1.0 + 2.0 * mu * hazeGamma); }

// Light scattered toward the eye above the ground point `up` by air of optical depth `pathDepth` and air mass `paths`
// along the line of sight; `dust` is the dust's fraction of that depth. Single scattering in a plane layer in closed form,
// plus multiple scattering by the dust.
vec3 hazeRadiance(vec3 up, float cosPhase, vec3 pathDepth, float paths, vec3 dust) {
    float mu0 = dot(up, sunDirection);
    float toSun = airmass(max(mu0, 0.0));
    vec3 g = hazeAsymmetry, transmitted = exp(-pathDepth);
    vec3 base = 1.0 + g * g + 2.0 * g * cosPhase; // scattering angle = 180 degrees - phase angle
    vec3 once = (1.0 - g * g) / (base * sqrt(base));
    // The forward peak, cut off everywhere else: the bluish glow around a low Sun.
    vec3 p = hazePeak, narrow = 1.0 + p * p + 2.0 * p * cosPhase;
    once += hazeForward * (1.0 - p * p) / (narrow * sqrt(narrow)) * transmitted;
    vec3 again = (multipleScattering(max(mu0, 0.0)) * multipleScattering(min(1.0 / paths, 1.0)) - 1.0) * (1.0 - transmitted);
    vec3 share = (1.0 - exp(-pathDepth * (1.0 + toSun / paths))) * paths / (paths + toSun);
    // Beyond the terminator only the air above the planet's shadow is lit.
    float lit = mu0 < 0.0 ? exp(-0.5 * mu0 * mu0 / hazeHeight) : 1.0;
    vec3 source = dust * hazeAlbedo * (once + again) + (1.0 - dust) * (0.75 + 0.75 * cosPhase * cosPhase);
    return sunIrradiance * 0.07957747 * source * share * lit;
}

// Fraction of the direct sunlight that reaches the ground.
vec3 sunbeam(float mu0) { return exp(-max(hazeOpticalDepth * airmass(max(mu0, 0.0)) - hazeBaselineDepth, 0.0)); }

// Irradiance of the ground by the sky, relative to the Sun's on a surface that faces it: about half of the light that the
// beam lost comes down. It lasts until the Sun is some degrees below the horizon.
vec3 skylight(float mu0, vec3 beam) {
    float height = 0.5 * (mu0 + sqrt(mu0 * mu0 + 0.01)) * (mu0 < 0.0 ? exp(-0.3 * mu0 * mu0 / hazeHeight) : 1.0);
    return 0.5 * hazeAlbedo * (1.0 - beam) * height;
}

// Ground seen through a slanting path.
vec3 applyHaze(vec3 ground, vec3 up, float mu, float cosPhase) {
    float paths = airmass(mu);
    vec3 pathDepth = max(hazeOpticalDepth * paths - hazeBaselineDepth, 0.0);
    return ground * exp(-pathDepth) + hazeRadiance(up, cosPhase, pathDepth, paths, hazeDustFraction);
}

// The air above the limb; `height` is that of the ray's lowest point above the ground, planet radii.
vec3 limbHaze(vec3 up, float height, float cosPhase) {
    float scale = height / hazeHeight;
    float gas = 2.0 * airmass(0.0) * exp(-scale), dust = gas * exp(hazeTop * (1.0 - exp(scale)));
    vec3 dustDepth = hazeOpticalDepth * hazeDustFraction * dust;
    vec3 pathDepth = dustDepth + hazeOpticalDepth * (1.0 - hazeDustFraction) * gas;
    return hazeRadiance(up, cosPhase, pathDepth, max(dust, 1.0), dustDepth / max(pathDepth, 1.0e-12));
}

#ifdef DETACHED
// Light seen through a detached haze layer of optical depth `path` along the line of sight; see
// selfiesim/planet/light/haze_layer.py. detachedLayer holds height, half thickness, opacity and asymmetry; lengths in planet
// radii. The layer is lit until the planet's shadow reaches it.
vec3 applyDetachedLayer(vec3 light, float path, float mu0, float cosPhase) {
    float dip = sqrt(2.0 * detachedLayer.x), low = sqrt(mu0 * mu0 + dip * dip);
    float lit = smoothstep(-1.15 * dip, -0.85 * dip, mu0);
    float base = 1.0 + detachedLayer.w * (detachedLayer.w + 2.0 * cosPhase);
    float once = (1.0 - detachedLayer.w * detachedLayer.w) / (base * sqrt(base));
    float both = 1.0 + detachedLayer.z / (low * max(path, 1.0e-6)); // adds the path from the Sun
    return light * exp(-path) + sunIrradiance * (0.07957747 * once * lit * (1.0 - exp(-path * both)) / both);
}

float layerOverGround(float mu) {
    float height = 1.0 + detachedLayer.x;
    return detachedLayer.z * inversesqrt(1.0 - (1.0 - mu * mu) / (height * height));
}

float layerColumn(float end, float low) {
    float square = 2.0 * max(end, 0.0);
    return sqrt(square) * (1.0 - (low * low + square * (low / 3.0 + square / 20.0)) / (detachedLayer.y * detachedLayer.y));
}

float layerAboveLimb(float lowest) {
    float low = lowest - detachedLayer.x;
    return 1.5 * detachedLayer.z / detachedLayer.y
           * (layerColumn(detachedLayer.y - low, low) - layerColumn(-detachedLayer.y - low, low));
}
#endif
