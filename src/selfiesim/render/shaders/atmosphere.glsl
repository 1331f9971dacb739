// Dust and gas in the air: the twin, which holds what is approximated, is selfiesim/planet/light/atmosphere.py; keep the two
// alike. The tables are those of selfiesim/planet/light/air_table.py, which also has the constants in capitals; they hold
// square roots. Everything is per band. Without air the ground is lit by the Sun alone.

#ifdef AIR
#ifdef SEASONAL_AIR
// Latitude as a place among the blocks of the tables.
float airBlock(vec3 direction) { return (asin(clamp(direction.z, -1.0, 1.0)) * 0.31830989 + 0.5) * (airBlocks - 1.0); }
#else
float airBlock(vec3 direction) { return 0.0; }
#endif

// A line of sight as the row of a table: texture coordinates in the blocks of two latitudes, and the share of the second.
vec3 airRow(float row, float block, float rows) {
    float low = min(floor(block), max(airBlocks - 2.0, 0.0));
    float first = (low * BLOCK_ROWS + row + 0.5) / rows;
    return vec3(first, first + BLOCK_ROWS / rows, block - low);
}

vec4 airEntry(sampler2D table, float x, vec3 row) {
#ifdef SEASONAL_AIR
    return mix(textureLod(table, vec2(x, row.x), 0.0), textureLod(table, vec2(x, row.y), 0.0), row.z);
#else
    return textureLod(table, vec2(x, row.x), 0.0);
#endif
}

// Column, in texels, of a cosine of the Sun's zenith angle.
float sunColumn(float mu0) {
    const float low = MIN_MU0 / (MU0_BEND - MIN_MU0), high = 1.0 / (1.0 + MU0_BEND);
    float mu = clamp(mu0, MIN_MU0, 1.0);
    return (mu / (abs(mu) + MU0_BEND) - low) * ((SUN_COLUMNS - 1.0) / (high - low)) + 0.5;
}

// A row about the ground at a column.
vec4 airOnGround(float kind, float column, float block) {
#ifdef SEASONAL_AIR
    float y = (airBlocks * (BLOCK_ROWS + kind) + block + 0.5) / (airBlocks * (BLOCK_ROWS + 3.0));
    vec4 root = textureLod(airOnce, vec2(column / SUN_COLUMNS, y), 0.0);
#else
    // Two texels by hand: llvmpipe filters four of floats in twice the time.
    float left = clamp(floor(column - 0.5), 0.0, SUN_COLUMNS - 2.0);
    ivec2 at = ivec2(left, BLOCK_ROWS + kind);
    vec4 root = mix(texelFetch(airOnce, at, 0), texelFetch(airOnce, at + ivec2(1, 0), 0), column - 0.5 - left);
#endif
    return root * root;
}

// Light scattered toward the eye along a line of sight: its row in the tables, the cosines of the Sun's zenith angle where
// the air scatters, of the line's at the ground (0 above the limb) and of the Sun's there.
vec3 airlight(float row, float block, float sun, float mu, float mu0, float cosPhase) {
    float column = sunColumn(sun);
    float sines = inversesqrt(max((1.0 - mu * mu) * (1.0 - mu0 * mu0), 1.0e-6));
    float turn = sqrt(clamp(0.5 - 0.5 * (mu * mu0 - cosPhase) * sines, 0.0, 1.0)) * (AZIMUTHS - 1.0);
    float first = min(floor(turn), AZIMUTHS - 2.0);
    float x = (first * SUN_COLUMNS + column) / (AZIMUTHS * SUN_COLUMNS);
    vec3 place = airRow(row, block, airBlocks * BLOCK_ROWS);
    vec3 more = mix(airEntry(airMore, x, place).rgb, airEntry(airMore, x + 1.0 / AZIMUTHS, place).rgb, turn - first);
    vec4 once = airEntry(airOnce, column / SUN_COLUMNS, airRow(row, block, airBlocks * (BLOCK_ROWS + 3.0)));
    once *= once;
    // Two Henyey-Greenstein lobes; the scattering angle is 180 degrees less the phase angle.
    vec3 narrow = 1.0 + dustNarrow * (dustNarrow + 2.0 * cosPhase);
    float wide = 1.0 + dustLobes.y * (dustLobes.y + 2.0 * cosPhase);
    vec3 phase = dustLobes.x * (1.0 - dustNarrow * dustNarrow) / (narrow * sqrt(narrow))
                 + (1.0 - dustLobes.x) * (1.0 - dustLobes.y * dustLobes.y) / (wide * sqrt(wide));
    vec3 gas = once.a * (0.75 + 0.75 * cosPhase * cosPhase) * gasColour;
    return sunIrradiance * 0.31830989 * (once.rgb * phase + gas + more * more);
}

vec3 sunbeam(float mu0, float block) { return airOnGround(BEAM, sunColumn(max(mu0, 0.0)), block).rgb; }

// On level ground; w is how the light leans toward the Sun.
vec4 skylight(float mu0, float block) { return airOnGround(SKY, sunColumn(mu0), block); }

// On a slope, `toward` the Sun's side by the sine of its tilt: Atmosphere.sky_on_slope.
vec3 skylightOnSlope(vec4 sky, float upright, float toward) {
    float lean = sky.w * toward;
    return sky.rgb * (0.5 + 0.5 * upright) * (lean > 0.0 ? 1.0 + lean : 1.0 / (1.0 - lean));
}

// Ground seen through the air, or the top of a cloud, above which there is a share of it. The air scatters before the line of sight reaches it, where the Sun is higher or lower.
vec3 applyHaze(vec3 ground, float share, float block, float mu, float mu0, float cosPhase) {
    float before = sqrt(mu * mu + horizonPlace * horizonPlace) - mu;
    return ground * mix(vec3(1.0), airOnGround(VIEW, sunColumn(mu), block).rgb, share)
           + share * airlight(sqrt(mu) * (GROUND_ROWS - 1.0), block, mu0 + before * cosPhase, mu, mu0, cosPhase);
}

// The air above the limb: the lowest point of the line of sight, and its height, planet radii.
vec3 limbHaze(vec3 lowest, float height, float cosPhase) {
    float row = GROUND_ROWS + sqrt(min(height / airTop, 1.0)) * (LIMB_ROWS - 1.0);
    vec3 up = normalize(lowest);
    float block = airBlock(up), mu0 = dot(up, sunDirection);
    float before = airEntry(airMore, 0.5 / (AZIMUTHS * SUN_COLUMNS), airRow(row, block, airBlocks * BLOCK_ROWS)).a;
    return airlight(row, block, mu0 + before * before * cosPhase, 0.0, mu0, cosPhase);
}
#else
float airBlock(vec3 direction) { return 0.0; }
vec3 sunbeam(float mu0, float block) { return vec3(1.0); }
vec4 skylight(float mu0, float block) { return vec4(0.0); }
vec3 skylightOnSlope(vec4 sky, float upright, float toward) { return vec3(0.0); }
vec3 applyHaze(vec3 ground, float share, float block, float mu, float mu0, float cosPhase) { return ground; }
vec3 limbHaze(vec3 lowest, float height, float cosPhase) { return vec3(0.0); }
#endif

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
