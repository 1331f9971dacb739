// Dust and gas in the air; see selfiesim/planet/atmosphere.py for the numbers and what is approximated.
//
// The ground's reflection law holds the dust of a clear day seen straight down (hazeBaselineDepth) already; what is drawn here
// is what a path has beyond that. Everything is per band.

// How many times the vertical column a path to space at this zenith cosine holds: Schueler's form of Chapman's function.
float airmass(float mu) {
    return hazeGrazing / ((hazeGrazing - 1.0) * mu + 1.0);
}

// Chandrasekhar's H for isotropic scattering, Hapke's two-stream form: how much multipleScattering scattering adds.
vec3 multipleScattering(float mu) { return (1.0 + 2.0 * mu) / (1.0 + 2.0 * mu * hazeGamma); }

// Light scattered toward the eye over the ground point `up`, by air of optical depth `seen` along the line of sight,
// which holds `paths` vertical columns; `dust` is its dust's share. A plane layer's single scattering in closed form,
// plus the dust's multipleScattering.
vec3 hazeRadiance(vec3 up, float cosPhase, vec3 seen, float paths, vec3 dust) {
    float mu0 = dot(up, sunDirection);
    float toSun = airmass(max(mu0, 0.0));
    vec3 g = hazeAsymmetry, through = exp(-seen);
    vec3 spread = 1.0 + g * g + 2.0 * g * cosPhase; // scattering angle = 180 degrees - phase angle
    vec3 once = (1.0 - g * g) / (spread * sqrt(spread));
    // The forward peak, which is cut off everything else: the bluish glow round a low Sun.
    vec3 p = hazePeak, narrow = 1.0 + p * p + 2.0 * p * cosPhase;
    once += hazeForward * (1.0 - p * p) / (narrow * sqrt(narrow)) * through;
    vec3 again = (multipleScattering(max(mu0, 0.0)) * multipleScattering(min(1.0 / paths, 1.0)) - 1.0) * (1.0 - through);
    vec3 share = (1.0 - exp(-seen * (1.0 + toSun / paths))) * paths / (paths + toSun);
    // Behind the terminator only the air above the planet's shadow is lit.
    float lit = mu0 < 0.0 ? exp(-0.5 * mu0 * mu0 / hazeHeight) : 1.0;
    vec3 source = dust * hazeAlbedo * (once + again) + (1.0 - dust) * (0.75 + 0.75 * cosPhase * cosPhase);
    return sunIrradiance * 0.07957747 * source * share * lit;
}

// Share of the direct sunlight that reaches the ground.
vec3 sunbeam(float mu0) { return exp(-max(hazeOpticalDepth * airmass(max(mu0, 0.0)) - hazeBaselineDepth, 0.0)); }

// Light of the sky on the ground, as a share of the Sun's on a surface that faces it: about half of what left the beam
// comes down. It lasts until the Sun is some degrees below the horizon.
vec3 skylight(float mu0, vec3 beam) {
    float height = 0.5 * (mu0 + sqrt(mu0 * mu0 + 0.01)) * (mu0 < 0.0 ? exp(-0.3 * mu0 * mu0 / hazeHeight) : 1.0);
    return 0.5 * hazeAlbedo * (1.0 - beam) * height;
}

// Ground seen through a slanting path.
vec3 applyHaze(vec3 ground, vec3 up, float mu, float cosPhase) {
    float paths = airmass(mu);
    vec3 seen = max(hazeOpticalDepth * paths - hazeBaselineDepth, 0.0);
    return ground * exp(-seen) + hazeRadiance(up, cosPhase, seen, paths, hazeDustFraction);
}

// The air above the limb: `height` in planet radii over the ground at the ray's lowest point.
vec3 limbHaze(vec3 up, float height, float cosPhase) {
    float scale = height / hazeHeight;
    float gas = 2.0 * airmass(0.0) * exp(-scale), dust = gas * exp(hazeTop * (1.0 - exp(scale)));
    vec3 dusty = hazeOpticalDepth * hazeDustFraction * dust, seen = dusty + hazeOpticalDepth * (1.0 - hazeDustFraction) * gas;
    return hazeRadiance(up, cosPhase, seen, max(dust, 1.0), dusty / max(seen, 1.0e-12));
}

#ifdef DETACHED
// Light with a detached layer of haze before it, of optical depth `path` along the line of sight; see
// selfiesim/planet/detached.py. It is lit until the planet's shadow reaches up to it.
vec3 applyDetachedLayer(vec3 light, float path, float mu0, float cosPhase) {
    float dip = sqrt(2.0 * layer.x), low = sqrt(mu0 * mu0 + dip * dip);
    float lit = smoothstep(-1.15 * dip, -0.85 * dip, mu0);
    float spread = 1.0 + layer.w * (layer.w + 2.0 * cosPhase);
    float once = (1.0 - layer.w * layer.w) / (spread * sqrt(spread));
    float both = 1.0 + layer.z / (low * max(path, 1.0e-6)); // the way from the Sun counts too
    return light * exp(-path) + sunIrradiance * (0.07957747 * once * lit * (1.0 - exp(-path * both)) / both);
}

float layerOverGround(float mu) {
    float height = 1.0 + layer.x;
    return layer.z * inversesqrt(1.0 - (1.0 - mu * mu) / (height * height));
}

float layerColumn(float end, float low) {
    float square = 2.0 * max(end, 0.0);
    return sqrt(square) * (1.0 - (low * low + square * (low / 3.0 + square / 20.0)) / (layer.y * layer.y));
}

float layerAboveLimb(float lowest) {
    float low = lowest - layer.x;
    return 1.5 * layer.z / layer.y * (layerColumn(layer.y - low, low) - layerColumn(-layer.y - low, low));
}
#endif
