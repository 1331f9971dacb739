// Sea and clouds of the Earth. The twins, with the sources of the numbers, are selfiesim/planet/earth/sea.py and
// cloud_light.py: keep them alike (tests/render/test_render_earth.py compares them). What the grain adds below the pixels of
// the maps is the shader's alone.
#ifdef EARTH

// Coordinates in a map of so many columns, whose ends are repeated.
vec2 placeIn(float columns, vec3 direction) {
    float turn = fract(atan(direction.y, direction.x) * 0.15915494);
    return vec2((turn * columns + MAP_WRAP) / (columns + 2.0 * MAP_WRAP), 0.5 - asin(clamp(direction.z, -1.0, 1.0)) * 0.31830989);
}

// The grain at a place, each channel -3..3, from the two of three planes that the place faces most: no seams and no pole.
vec4 grainAt(vec3 direction, float span, float footprint) {
    vec3 a = abs(direction), p = direction / span;
    bool xMost = a.x >= max(a.y, a.z), yMost = !xMost && a.y >= a.z;
    bool xLeast = a.x < min(a.y, a.z), yLeast = !xLeast && a.y < a.z;
    bool xNext = !xMost && !xLeast, yNext = !yMost && !yLeast;
    vec2 byX = p.yz, byY = p.zx + 0.37, byZ = p.xy + 0.71;
    vec2 first = xMost ? byX : yMost ? byY : byZ, second = xNext ? byX : yNext ? byY : byZ;
    float most = max(a.x, max(a.y, a.z)), next = xNext ? a.x : yNext ? a.y : a.z;
    vec2 share = max(vec2(most, next) - 0.57, 0.002);
    share *= share;
    share /= share.x + share.y;
    float level = clamp(log2(footprint * GRAIN_SIZE / span), 0.0, 9.0);
    vec4 both = textureLod(grainMap, first, level) * share.x + textureLod(grainMap, second, level) * share.y;
    return (both - 0.50196) * 6.0714 * inversesqrt(dot(share, share));
}

// The airglow above the limb, by the height of the ray's lowest point.
vec3 airglowAt(float height) {
    float below = AIRGLOW_MIDDLE + AIRGLOW_HALF - height;
    float inside = smoothstep(0.0, 2.0 * AIRGLOW_HALF, below);
    return vec3(0.0, 2.0 * AIRGLOW_OVERHEAD * inside * inversesqrt(2.0 * max(below, AIRGLOW_HALF)), 0.0);
}

// Fresnel's law for water.
float fresnelWater(float c) {
    float g = sqrt(WATER_INDEX * WATER_INDEX - 1.0 + c * c);
    float a = (g - c) / (g + c), b = (c * (g + c) - 1.0) / (c * (g - c) + 1.0);
    return 0.5 * a * a * (1.0 + b * b);
}

// Smith's Lambda: slopes that hide one another.
float hiddenSlopes(float mu) {
    float m = clamp(mu, 0.02, 0.9999);
    float a = m * inversesqrt((1.0 - m * m) * seaSlope);
    return a < 1.6 ? (1.0 - 1.259 * a + 0.396 * a * a) / (3.535 * a + 2.181 * a * a) : 0.0;
}

// I/F of the glint.
float seaGlint(float mu0, float mu, float cosPhase) {
    float halfCosine = sqrt(max(0.5 + 0.5 * cosPhase, 1.0e-9));
    float tilt = max((mu0 + mu) / (2.0 * halfCosine), 1.0e-3);
    float square = tilt * tilt;
    float facets = exp(-min((1.0 / square - 1.0) / seaSlope, 80.0)) / seaSlope;
    float seen = max(mu, 0.02) * (1.0 + hiddenSlopes(mu) + hiddenSlopes(mu0));
    return mu0 > 0.0 ? fresnelWater(halfCosine) * facets / (4.0 * seen * square * square) : 0.0;
}

// Reflectance of the rough sea for the sky.
float meanFresnel(float mu) {
    return WATER_NORMAL + (1.0 - WATER_NORMAL) * pow(1.0 - clamp(mu, 0.0, 1.0), seaFresnelPower);
}

// Share of open water in a pixel, and how coastal it is. The map's edge, 10 km wide, is frayed and made sharp.
vec2 waterAt(vec3 direction, vec4 grain, float footprint) {
    vec2 water = textureLod(waterMap, placeIn(waterColumns, direction), clamp(log2(footprint / waterTexel), 0.0, 6.0)).rg;
    float fine = clamp(1.5 - footprint / waterTexel, 0.0, 1.0);
    float field = water.r + fine * 0.16 * grain.w * (4.0 * water.r * (1.0 - water.r));
    float width = mix(1.0, clamp(footprint / waterTexel, 0.04, 1.0), fine);
    return vec2(mix(water.r, smoothstep(0.5 - 0.5 * width, 0.5 + 0.5 * width, field), fine), water.g);
}

#ifdef EARTH_CLOUDS
// Amount of cloud at a place, above 0 where there is any, and the height of its top.
vec2 cloudAmount(vec3 direction, float footprint, vec4 coarse, vec4 fine) {
    vec2 sky = textureLod(cloudMap, placeIn(cloudColumns, direction), clamp(log2(footprint / cloudTexel), 0.0, 6.0)).rg;
    float amount = (sky.r * 255.0 - CLOUD_ZERO) / CLOUD_SCALE, height = sky.g;
    vec3 kind = vec3(clamp(2.0 - abs(height - 0.42) * 5.0, 0.0, 1.0), clamp(1.6 - height * 5.0, 0.0, 1.0),
                     clamp(height * 4.0 - 2.2, 0.0, 1.0));
    kind /= max(kind.x + kind.y + kind.z, 0.01);
    // Ragged at the edges, smooth where it is thick.
    float ragged = CLOUD_GRAIN * (1.0 - 0.65 * smoothstep(0.05, 0.45, amount));
    return vec2(amount + ragged * (dot(coarse.xyz, kind) + 0.3 * dot(fine.xyz, kind)), height);
}

float cloudOpacity(float amount) {
    float x = clamp(amount, 0.0, 1.0);
    return CLOUD_MAX * x * x * (0.35 + 0.65 * x);
}

float cloudReflectance(float depth, float mu0) {
    float mu = clamp(mu0, 0.02, 1.0), thin = depth / (depth + 3.0);
    return (CLOUD_GAMMA * depth + (0.5 - 0.75 * mu) * (1.0 - exp(-min(depth / mu, 50.0))) * thin)
           / (1.0 + CLOUD_GAMMA * depth);
}

float cloudBeam(float depth, float mu0) { return exp(-min((1.0 - CLOUD_FORWARD) * depth / clamp(mu0, 0.02, 1.0), 50.0)); }
#endif

// I/F of the surface and of the clouds over it, and the share of the air that lies above what is seen.
struct Sunlit { vec3 light; float airShare; };

Sunlit earthSurface(vec3 reflectance, float open, vec3 lit, vec3 direction, vec3 normal, float mu0, float mu, float cosPhase,
                    float footprint, vec4 coarse, vec4 fine) {
    vec3 beam = sunbeam(mu0, 0.0), sky = skylight(mu0, 0.0).rgb;
    float glint = open * seaGlint(mu0, mu, cosPhase), mirror = open * meanFresnel(mu);
#ifdef EARTH_CLOUDS
    vec2 here = cloudAmount(direction, footprint, coarse, fine);
    float top = CLOUD_BASE + CLOUD_DEPTH * here.y, depth = cloudOpacity(here.x), dip = sqrt(2.0 * top);
    // The clouds in whose shadow the place lies stand toward the Sun.
    vec3 toSun = sunDirection - mu0 * normal;
    vec3 aside = normalize(direction + toSun * (top / max(mu0, 0.12)));
    vec2 there = cloudAmount(aside, footprint, grainAt(aside, GRAIN_COARSE, footprint), grainAt(aside, GRAIN_FINE, footprint));
    float shade = cloudBeam(cloudOpacity(there.x), mu0);
    float through = max(1.0 - cloudReflectance(depth, mu0) - cloudBeam(depth, mu0), 0.0);
    vec3 surface = reflectance * ((lit - 1.5 * sky) * shade + 1.5 * (sky + max(mu0, 0.0) * through * beam))
                   + glint * shade * cloudBeam(depth, mu) * beam + mirror * sky;
    // The tops see the Sun longer than the ground, through less air, and light each other.
    float share = exp(-top * AIR_FALL), sun = (mu0 + dip) / (1.0 + dip);
    float white = cloudReflectance(depth, sun) * clamp(1.0 - 1.3 * (there.x - here.x), 0.55, 1.2)
                  * (1.0 + CLOUD_ANISOTROPY * (cosPhase * cosPhase - CLOUD_MEAN_SQUARE));
    vec3 topBeam = pow(max(sunbeam(sun, 0.0), 1.0e-6), vec3(share)) * max(sun, 0.0);
    vec3 light = surface * (1.0 - cloudReflectance(depth, mu)) + white * (topBeam + share * sky);
    return Sunlit(light, mix(1.0, share, 1.0 - exp(-0.3 * depth / max(mu, 0.1))));
#else
    return Sunlit(reflectance * lit + glint * beam + mirror * sky, 1.0);
#endif
}
#endif
