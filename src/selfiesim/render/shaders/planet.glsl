// The planet, pixel by pixel: intersect the pixel's ray with the ellipsoid, read the maps there and light the ground.
// Lengths are in units of the ellipsoid's semi-axes ("scaled"), where the planet is the unit sphere: float32 resolves
// about a metre on the ground from low orbit, and no mesh is needed.

// The ray's closest point to the planet's centre decides hit or miss: 1 - |nearest|^2 loses no precision at the limb.
struct RayHit { vec3 hit; float miss; float along; };

RayHit intersectPlanet(vec3 ray) {
    float along = -dot(eye, ray);
    vec3 nearest = eye + along * ray;
    float miss = length(nearest);
    float inside = max(0.0, 1.0 - miss * miss);
    return RayHit(nearest / max(miss, 1.0) - ray * sqrt(inside), miss, along);
}

// The maps lie side by side in one atlas for colours and one for slopes: llvmpipe runs both sides of every branch, so
// choosing among three textures would cost three lookups per pixel.
// NORTH, SOUTH and GLOBE are regions of the picture that are all ground and lie in a single map; SEAM is all ground too;
// EDGE is the rest.
bool isOnPatch(vec3 direction) {
#if defined(NORTH) || defined(SOUTH)
    return true;
#elif defined(GLOBE)
    return false;
#else
    return direction.z * direction.z > patchSine * patchSine * dot(direction, direction);
#endif
}

bool isNorthern(vec3 direction) {
#if defined(NORTH)
    return true;
#elif defined(SOUTH)
    return false;
#else
    return direction.z > 0.0;
#endif
}

// Coordinates in a patch (-1..1 around its centre) or in the globe's map (0..1).
vec2 mapCoordinates(vec3 direction, bool patched) {
    // Lambert azimuthal equal-area around the pole: no pinch, and no trigonometry.
    vec2 p = direction.yx * (sqrt(2.0 / (1.0 + abs(direction.z))) / patchRadius);
    vec2 turns = vec2(fract(atan(direction.y, direction.x) * 0.15915494), 0.5 - asin(direction.z) * 0.31830989);
    return patched ? p : turns;
}

// Mip levels, for colours and slopes, of a footprint (size of a pixel on the ground, planet radii) at `direction`.
vec2 mapLevels(vec3 direction, float footprint) {
    vec2 texel = isOnPatch(direction) ? (isNorthern(direction) ? northTexel : southTexel) : globeTexel;
    return clamp(log2(footprint / texel), 0.0, 7.0);
}

// The maps' values at a place: reflectance, gradient of the height (body-fixed), fraction of the light that ice reflects.
struct Ground { vec3 reflectance; vec3 gradient; float ice; };

Ground groundAt(vec3 direction, vec2 levels) {
    bool patched = isOnPatch(direction);
    vec2 place = mapCoordinates(direction, patched);
    vec4 colour = patched ? (isNorthern(direction) ? northPlace : southPlace) : globePlace;
    vec4 relief = patched ? (isNorthern(direction) ? northRelief : southRelief) : globeRelief;
    vec3 code = textureLod(planetMap, colour.xy + colour.zw * place, levels.x).rgb;
    vec4 slope = textureLod(reliefMap, relief.xy + relief.zw * place, levels.y);
    vec3 t = (slope.xyz * 255.0 - 128.0) / 127.0;
    return Ground(code * code * reflectanceMax, maxSlope * t * (0.25 + 0.75 * t * t), slope.w);
}

#ifdef SHADOWS
// Fraction of the Sun's disc that the relief leaves visible; see selfiesim/planet/terrain/cast_shadows.py. A texel has the
// height above the shadow of the lower and of the upper limb.
float visibleOverRelief(vec3 direction, float footprint) {
    vec3 place = sunFrame * direction;
    float turn = fract(atan(place.y, place.x) * 0.15915494 - shadowGrid.x + 0.5) - 0.5;
    vec2 at = vec2(turn * shadowGrid.y + 0.5, place.z * shadowGrid.z - shadowGrid.w);
    vec2 code = textureLod(shadowMap, at, clamp(log2(footprint / shadowTexel), 0.0, 5.0)).rb * 2.0 - 1.0;
    vec2 height = code * abs(code);
    return smoothstep(0.0, 1.0, height.y / max(height.y - height.x, 1.0e-4));
}
#endif

vec3 rayThrough(vec2 pixel) {
    return normalize(cameraToScaled * vec3((pixel - principal) / focal * vec2(1.0, -1.0), 1.0));
}

// Angle that a pixel spans, smaller away from the centre of the picture: the mean of its radial and tangential sizes.
float pixelAngleAt(vec2 pixel) {
    vec2 slope = (pixel - principal) / focal;
    float stretch = 1.0 + dot(slope, slope);
    return pixelAngle * inversesqrt(stretch * sqrt(stretch)); // to the power -3/4
}

// Footprint (planet radii) and mip levels of a block of 4x4 pixels. All pixels of a block share one level: where the level
// crosses an integer inside a block, Mesa's llvmpipe reads wrong texels, which show as dotted rings on the polar cap.
vec3 blockFootprint(vec2 pixel) {
    vec3 ray = rayThrough(floor(pixel * 0.25) * 4.0 + 2.0);
    RayHit m = intersectPlanet(ray);
    float mu = sqrt(max(1.0 - m.miss * m.miss, 0.0)); // of the unit sphere: accurate enough for a size
    // The footprint is longer along the slant; the square root is a compromise between blur and shimmer.
    float footprint = length(m.hit - eye) * pixelAngleAt(pixel) * inversesqrt(max(mu, 0.05));
    return vec3(footprint, mapLevels(m.hit * radii, footprint));
}

vec3 groundRadiance(RayHit m, vec3 ray, vec2 pixel) {
    vec3 normal = normalize(m.hit * inverseRadii);
    vec3 toEye = -normalize(ray * radii);
    vec3 direction = normalize(m.hit * radii);
    vec3 near = blockFootprint(pixel);
    Ground ground = groundAt(direction, near.yz);
    float tone = 1.0;
#ifdef DETAIL
    addDetail(direction, near.x, ground.ice, ground.gradient, tone);
#endif
#ifdef EARTH
    vec4 coarse = grainAt(direction, GRAIN_COARSE, near.x), fine = grainAt(direction, GRAIN_FINE, near.x);
    vec2 water = waterAt(direction, coarse + 0.4 * fine, near.x);
    ground.reflectance *= 1.0 + LAND_GRAIN * (coarse.w + 0.6 * fine.w);
    ground.reflectance = mix(ground.reflectance, mix(clearSea, coastalSea, water.y), water.x);
    float open = water.x;
#endif
#ifdef FROST
    float frost = frostCoverage(direction, near.x);
#ifdef EARTH
    frost *= water.x; // sea ice; the map has the snow on land
    open *= 1.0 - frost;
#endif
    ground.reflectance = mix(ground.reflectance, frostReflectance, frost);
    ground.ice = mix(ground.ice, 1.0, frost);
#endif
    vec3 facet = normalize(normal - ground.gradient);
    float mu = max(dot(normal, toEye), 0.0), mu0 = dot(normal, sunDirection);
    float cosPhase = dot(sunDirection, toEye);
    float facing = dot(facet, sunDirection);
#ifndef SHADOWS
    // Slopes beyond the terminator still catch sunlight, but not where the horizon would block it.
    facing *= smoothstep(-0.01, 0.03, mu0);
#endif
    float seen = max(dot(facet, toEye), 0.0);
    float share = mix(bidirectional(facing, seen, cosPhase), iceReflectance(facing, seen), ground.ice);
    float block = airBlock(direction);
#ifdef SHADOWS
    share *= visibleOverRelief(direction, near.x);
#endif
    // In place of part of the sky a slope sees the slope across the valley, its mirror image: valley_light in photometry.py.
    float upright = dot(facet, normal), hidden = 0.5 - 0.5 * upright;
    vec3 across = 1.5 * lawLambertShare * ground.reflectance
        * max(2.0 * upright * mu0 - dot(facet, sunDirection), 0.0) * smoothstep(-0.01, 0.03, mu0);
    // Under the sky the ground is close to a Lambert surface, whose albedo is 3/2 of A.
    float toward = (dot(facet, sunDirection) - upright * mu0) * inversesqrt(max(1.0 - mu0 * mu0, 1.0e-6));
    vec3 sky = skylightOnSlope(skylight(mu0, block), upright, toward);
    vec3 lit = (share + 1.5 * lawLambertShare * hidden * across) * sunbeam(mu0, block) + 1.5 * sky;
#ifdef EARTH
    Sunlit above = earthSurface(ground.reflectance, open, lit, direction, normal, mu0, mu, cosPhase, near.x, coarse, fine);
    vec3 light = above.light;
    float airShare = above.airShare;
#else
    vec3 light = ground.reflectance * tone * lit;
    float airShare = 1.0;
#endif
#ifdef ECLIPSE
    light *= sunShareAt(m.hit * radii);
#endif
    light *= groundShare; // 0 shows the light of the air alone
    light = applyHaze(light * sunIrradiance * 0.31830989, airShare, block, mu, mu0, cosPhase);
#ifdef CLOUDS
    light = applyClouds(light, cloudOpticalDepth(direction), mu0, mu);
#endif
#ifdef DETACHED
    light = applyDetachedLayer(light, layerOverGround(mu), mu0, cosPhase);
#endif
    return light;
}

// Fraction of a pixel that lies inside the limb, taken as a straight line at distance `inside`; `gradient` is the change of
// `inside` per pixel. It is the exact area for any slant, so the limb has no steps.
float limbCoverage(float inside, vec2 gradient) {
    vec2 g = abs(gradient);
    float steep = max(max(g.x, g.y), 1.0e-12), slant = max(min(g.x, g.y) / steep, 1.0e-3);
    float t = clamp(inside / steep, -2.0, 2.0);
    vec4 u = max(t + vec4(0.5, 0.5, -0.5, -0.5) + vec4(0.5, -0.5, 0.5, -0.5) * slant, 0.0);
    u *= u;
    return clamp(0.5 * (u.x - u.y - u.z + u.w) / slant, 0.0, 1.0);
}

vec3 planetRadiance(vec2 pixel) {
    vec3 ray = rayThrough(pixel);
    RayHit m = intersectPlanet(ray);
#ifndef EDGE
    return groundRadiance(m, ray, pixel);
#else
    // Fraction of the pixel that the ground covers: an antialiased limb for any number of samples.
    float cover = limbCoverage(1.0 - m.miss, vec2(dFdx(m.miss), dFdy(m.miss)));
    if (m.along < 0.0) return vec3(0.0);
    vec3 light = vec3(0.0);
    if (cover > 0.0) light += cover * groundRadiance(m, ray, pixel);
    float height = max(m.miss - 1.0, 0.0);
    if (cover < 1.0 && height < shellTop) {
        float cosPhase = -dot(sunDirection, normalize(ray * radii));
        vec3 air = limbHaze(m.hit, height, cosPhase);
#ifdef EARTH
        air += airglowAt(height);
#endif
#ifdef DETACHED
        air = applyDetachedLayer(air, layerAboveLimb(height), dot(m.hit, sunDirection), cosPhase);
#endif
        light += (1.0 - cover) * air;
    }
    return light;
#endif
}
