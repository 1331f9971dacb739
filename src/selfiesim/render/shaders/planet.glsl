// The planet, pixel by pixel: the ray through the pixel meets the ellipsoid, the map is read there, sunlight is added.
// Lengths are in units of the ellipsoid's semi-axes ("scaled"), where the planet is the unit sphere: float32 keeps
// about a metre on the ground from low orbit, and needs no mesh.

// The closest point of the ray to the planet's centre decides hit and miss: 1 - |nearest|^2 loses nothing at the limb.
struct Meeting { vec3 hit; float miss; float along; };

Meeting meetPlanet(vec3 ray) {
    float along = -dot(eye, ray);
    vec3 nearest = eye + along * ray;
    float miss = length(nearest);
    float inside = max(0.0, 1.0 - miss * miss);
    return Meeting(nearest / max(miss, 1.0) - ray * sqrt(inside), miss, along);
}

// Value noise in [-1, 1].
float noise(vec3 x) {
    vec3 cell = floor(x), w = x - cell;
    w = w * w * (3.0 - 2.0 * w);
    vec4 near = vec4(hashOf(cell), hashOf(cell + vec3(1, 0, 0)), hashOf(cell + vec3(0, 1, 0)), hashOf(cell + vec3(1, 1, 0)));
    cell.z += 1.0;
    vec4 far = vec4(hashOf(cell), hashOf(cell + vec3(1, 0, 0)), hashOf(cell + vec3(0, 1, 0)), hashOf(cell + vec3(1, 1, 0)));
    vec4 z = mix(near, far, w.z);
    vec2 y = mix(z.xy, z.zw, w.y);
    return 2.0 * mix(y.x, y.y, w.x) - 1.0;
}

// Below the map's own pixels: ragged edges and faint mottling, invented, in two sizes that fade out as they come near
// the size of a pixel. `xy` shifts the lookup (in texels), `z` scales the reflectance.
vec3 inventedDetail(vec3 direction, float footprint) {
    vec3 detail = vec3(0.0, 0.0, 1.0);
    // Gone at the patch's rim, where the globe takes over.
    float size = 1.6 * patchTexel.x, strength = smoothstep(patchSine, patchSine + 0.02, abs(direction.z));
    for (int octave = 0; octave < 2; octave++) {
        float visible = clamp(1.6 - 3.0 * footprint / size, 0.0, 1.0) * strength;
        if (visible > 0.0) {
            vec3 x = direction / size;
            float n = noise(x);
            detail += visible * vec3(0.9 * n, 0.9 * noise(x.zxy + 31.7), 0.04 * n);
        }
        size *= 0.41;
        strength *= 0.7;
    }
    return detail;
}

// The three maps stand side by side in one picture: llvmpipe runs both sides of every branch, so that choosing among
// three textures would cost three lookups a pixel.
bool onPatch(vec3 direction) { return abs(direction.z) > patchSine; }

vec2 patchPlace(vec3 direction, float footprint, out float brightness) {
    vec3 detail = inventedDetail(direction, footprint);
    brightness = detail.z;
    // Lambert azimuthal equal-area about the pole: no pinch, and no trigonometry.
    vec2 p = direction.xy * sqrt(2.0 / (1.0 + abs(direction.z))) + detail.xy * patchTexel.x;
    vec4 place = direction.z > 0.0 ? northPlace : southPlace;
    return place.xy + place.zw * p.yx / patchRadius;
}

vec2 globePlaceOf(vec3 direction) {
    vec2 turns = vec2(fract(atan(direction.y, direction.x) * 0.15915494), 0.5 - asin(direction.z) * 0.31830989);
    return globePlace.xy + globePlace.zw * turns;
}

// Mip level for a footprint (pixel's size on the ground, planet radii) in the map that holds `direction`.
float mapLevel(vec3 direction, float footprint) {
    float texel = onPatch(direction) ? (direction.z > 0.0 ? patchTexel.x : patchTexel.y) : globeTexel;
    return clamp(log2(footprint / texel), 0.0, 6.0);
}

// Reflectance at a planetocentric direction. `near` is the footprint and mip level of the pixel's neighbourhood.
vec3 reflectance(vec3 direction, vec2 near) {
    float brightness = 1.0;
    vec2 uv = patchPlace(direction, near.x, brightness);
    if (!onPatch(direction)) {
        uv = globePlaceOf(direction);
        brightness = 1.0;
    }
    vec3 code = textureLod(planetMap, uv, near.y).rgb * brightness;
    return code * code * reflectanceMax;
}

vec3 rayThrough(vec2 pixel) {
    return normalize(cameraToScaled * vec3((pixel - principal) / focal * vec2(1.0, -1.0), 1.0));
}

// Angle a pixel spans, smaller away from the picture's middle: the mean of its sizes toward the middle and across.
float angleOf(vec2 pixel) {
    vec2 slope = (pixel - principal) / focal;
    return pixelAngle * pow(1.0 + dot(slope, slope), -0.75);
}

// Footprint (planet radii) and mip level of the pixels in one block of 4x4. One level for a whole block: Mesa's llvmpipe
// reads wrong texels where the mip level passes a whole number inside such a block, which drew dotted rings on the cap.
vec2 footprintNear(vec2 pixel) {
    vec3 ray = rayThrough(floor(pixel * 0.25) * 4.0 + 2.0);
    Meeting m = meetPlanet(ray);
    float mu = dot(normalize(m.hit * inverseRadii), -normalize(ray / inverseRadii));
    // The pixel's footprint is longer along the slant; the root takes the middle between blur and shimmer.
    float footprint = length(m.hit - eye) * angleOf(pixel) * inversesqrt(max(mu, 0.05));
    return vec2(footprint, mapLevel(normalize(m.hit / inverseRadii), footprint));
}

vec3 groundRadiance(Meeting m, vec3 ray, vec2 pixel) {
    vec3 normal = normalize(m.hit * inverseRadii);
    vec3 toEye = -normalize(ray / inverseRadii);
    float mu = max(dot(normal, toEye), 0.0);
    float cosPhase = dot(sunDirection, toEye);
    vec3 albedo = reflectance(normalize(m.hit / inverseRadii), footprintNear(pixel));
    float mu0 = dot(normal, sunDirection);
    // Under an even sky the ground is near enough a Lambert surface, whose albedo is 3/2 of A.
    vec3 lit = bidirectional(mu0, mu, cosPhase) * sunbeam(mu0) + 1.5 * skylight(mu0);
    return veiled(albedo * lit * sunIrradiance * 0.31830989, normal, mu, cosPhase);
}

vec3 planetRadiance(vec2 pixel) {
    vec3 ray = rayThrough(pixel);
    Meeting m = meetPlanet(ray);
    if (m.along < 0.0) return vec3(0.0);
    // Share of the pixel the ground covers: an antialiased limb, whatever the number of samples.
    float cover = clamp(0.5 + (1.0 - m.miss) / (m.along * angleOf(pixel)), 0.0, 1.0);
    vec3 light = vec3(0.0);
    if (cover > 0.0) light += cover * groundRadiance(m, ray, pixel);
    float height = max(m.miss - 1.0, 0.0);
    if (cover < 1.0 && height < 12.0 * hazeHeight)
        light += (1.0 - cover) * limbHaze(m.hit, height, -dot(sunDirection, normalize(ray / inverseRadii)));
    return light;
}
