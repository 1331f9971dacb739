// The planet, pixel by pixel: the ray through the pixel meets the ellipsoid, the map is read there, sunlight is added.
// Lengths are in units of the ellipsoid's semi-axes ("scaled"), where the planet is the unit sphere: float32 keeps
// about a metre on the ground from low orbit, and needs no mesh.

// The closest point of the ray to the planet's centre decides hit and miss: 1 - |nearest|^2 loses nothing at the limb.
struct RayHit { vec3 hit; float miss; float along; };

RayHit intersectPlanet(vec3 ray) {
    float along = -dot(eye, ray);
    vec3 nearest = eye + along * ray;
    float miss = length(nearest);
    float inside = max(0.0, 1.0 - miss * miss);
    return RayHit(nearest / max(miss, 1.0) - ray * sqrt(inside), miss, along);
}

// The maps stand side by side in one picture each for colours and slopes: llvmpipe runs both sides of every branch, so
// that choosing among three textures would cost three lookups a pixel.
// NORTH, SOUTH and GLOBE are regions of the picture that one map covers, all of them ground; EDGE is the rest.
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

// Place on the unit square of a patch (-1..1 about its middle) or of the globe (0..1).
vec2 mapCoordinates(vec3 direction, bool patched) {
    // Lambert azimuthal equal-area about the pole: no pinch, and no trigonometry.
    vec2 p = direction.yx * (sqrt(2.0 / (1.0 + abs(direction.z))) / patchRadius);
    vec2 turns = vec2(fract(atan(direction.y, direction.x) * 0.15915494), 0.5 - asin(direction.z) * 0.31830989);
    return patched ? p : turns;
}

// Mip levels for a footprint (pixel's size on the ground, planet radii) in the maps that hold `direction`.
vec2 mapLevels(vec3 direction, float footprint) {
    vec2 texel = isOnPatch(direction) ? (isNorthern(direction) ? northTexel : southTexel) : globeTexel;
    return clamp(log2(footprint / texel), 0.0, 7.0);
}

// What the maps set_status of a place: reflectance, the height's gradient (body-fixed), the share of the light that is ice's.
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

vec3 rayThrough(vec2 pixel) {
    return normalize(cameraToScaled * vec3((pixel - principal) / focal * vec2(1.0, -1.0), 1.0));
}

// Angle a pixel spans, smaller away from the picture's middle: the mean of its sizes toward the middle and across.
float pixelAngleAt(vec2 pixel) {
    vec2 slope = (pixel - principal) / focal;
    float stretch = 1.0 + dot(slope, slope);
    return pixelAngle * inversesqrt(stretch * sqrt(stretch)); // to the power -3/4
}

// Footprint (planet radii) and mip levels of the pixels in one block of 4x4. One level for a whole block: Mesa's llvmpipe
// reads wrong texels where the mip level passes a whole number inside such a block, which drew dotted rings on the cap.
vec3 blockFootprint(vec2 pixel) {
    vec3 ray = rayThrough(floor(pixel * 0.25) * 4.0 + 2.0);
    RayHit m = intersectPlanet(ray);
    float mu = sqrt(max(1.0 - m.miss * m.miss, 0.0)); // of the unit sphere: near enough for a size
    // The pixel's footprint is longer along the slant; the root takes the middle between blur and shimmer.
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
#ifdef FROST
    float frost = frostCoverage(direction, near.x);
    ground.reflectance = mix(ground.reflectance, frostReflectance, frost);
    ground.ice = mix(ground.ice, 1.0, frost);
#endif
    vec3 facet = normalize(normal - ground.gradient);
    float mu = max(dot(normal, toEye), 0.0), mu0 = dot(normal, sunDirection);
    float cosPhase = dot(sunDirection, toEye);
    // Hills beyond the terminator still catch light, but none that a horizon would hide.
    float facing = dot(facet, sunDirection) * smoothstep(-0.01, 0.03, mu0);
    float seen = max(dot(facet, toEye), 0.0);
    float share = mix(bidirectional(facing, seen, cosPhase), iceReflectance(facing, seen), ground.ice);
    // Under an even sky the ground is near enough a Lambert surface, whose albedo is 3/2 of A.
    vec3 beam = sunbeam(mu0);
    vec3 lit = share * beam + 1.5 * skylight(mu0, beam);
#ifdef ECLIPSE
    lit *= sunVisibleFraction(m.hit * radii);
#endif
    vec3 light = applyHaze(ground.reflectance * tone * lit * sunIrradiance * 0.31830989, normal, mu, cosPhase);
#ifdef CLOUDS
    light = applyClouds(light, cloudOpticalDepth(direction), mu0, mu);
#endif
#ifdef DETACHED
    light = applyDetachedLayer(light, layerOverGround(mu), mu0, cosPhase);
#endif
    return light;
}

// Share of a pixel on the inner side of the limb, which is `inside` away and straight, both in the units of `gradient`
// (a pixel): the area exactly, for any slant, so that an edge is nowhere stepped.
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
    // Share of the pixel the ground covers: an antialiased limb, whatever the number of samples.
    float cover = limbCoverage(1.0 - m.miss, vec2(dFdx(m.miss), dFdy(m.miss)));
    if (m.along < 0.0) return vec3(0.0);
    vec3 light = vec3(0.0);
    if (cover > 0.0) light += cover * groundRadiance(m, ray, pixel);
    float height = max(m.miss - 1.0, 0.0);
    if (cover < 1.0 && height < airTop) {
        float cosPhase = -dot(sunDirection, normalize(ray * radii));
        vec3 air = limbHaze(m.hit, height, cosPhase);
#ifdef DETACHED
        air = applyDetachedLayer(air, layerAboveLimb(height), dot(m.hit, sunDirection), cosPhase);
#endif
        light += (1.0 - cover) * air;
    }
    return light;
#endif
}
