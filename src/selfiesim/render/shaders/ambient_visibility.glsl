// How much of the ground's and the sky's light a vehicle on the ground blocks from itself. A draft estimates it from two
// depth maps: the Sun's, and one from overhead in place of the planet's. A final picture traces rays
// (selfiesim/render/light/ground_radiosity.py).
#ifdef ON_GROUND

// Fraction of an occluded direction's light that is lost; the occluder reflects the rest (as in final pictures).
const float OCCLUDED_FRACTION = 0.8;

// 1 where something lies between a light and a point of its map; the map ends where its box does.
float occludes(sampler2D map, mat4 toMap, float bias, vec3 position) {
    vec3 p = (toMap * vec4(position, 1.0)).xyz;
    vec2 inside = step(abs(p.xy - 0.5), vec2(0.499));
    return inside.x * inside.y * step(texture(map, p.xy).r, min(p.z, 1.0) - bias);
}

// Fractions of the ground's light, and of the sky's (fourth component), that reach a point with normal n. Two rays go down
// to the ground, which is sunlit or in the vehicle's shadow, and two up past whatever the map from overhead holds, all of
// which counts as solid down to the ground. Each sample of a pixel casts other rays: "sampleGrid" holds the number of
// samples across and down, the first number of this pass, and the total.
vec4 estimateAmbientVisibility(vec3 position, vec3 n) {
    vec3 down = planetDirection, u = normalize(cross(down, vec3(down.y, down.z, -down.x))), v = cross(down, u);
    float height = max(dot(groundPlane.xyz, position) + groundPlane.w, 0.02), size = beamTexel * beamSize;
    vec3 origin = position + 2.0 * beamTexel * n;
    vec2 cell = floor(mod(gl_FragCoord.xy, max(sampleGrid.xy, 1.0))), lost = vec2(0.0);
    int count = sampleGrid.w > 0.0 ? 2 : 0;
    for (int k = 0; k < count; k++) {
        float number = float(k) * sampleGrid.w + sampleGrid.z + cell.x + sampleGrid.x * cell.y;
        float z = (number + 0.5) / (2.0 * sampleGrid.w), turn = 2.399963 * number; // the golden angle
        vec3 level = sqrt(1.0 - z * z) * (cos(turn) * u + sin(turn) * v);
        vec3 below = level + z * down, above = level - z * down;
        vec3 there = position + below * (max(height - 0.04, 0.0) / z); // a little above the ground, which is rough
        // In the shadow there is no direct sunlight, and about half of the sky (assumed).
        float dark = (0.5 + 0.5 * directSunFraction) * occludes(shadowMap, bodyToShadow, shadowBias, there);
        float blocked = max(occludes(beamMap, bodyToBeam, beamBias, origin + 0.04 * size * above),
                            occludes(beamMap, bodyToBeam, beamBias, origin + 0.16 * size * above));
        lost += max(vec2(dot(below, n), dot(above, n)), 0.0) * vec2(dark, OCCLUDED_FRACTION * blocked);
    }
    // Relative to what all rays of either hemisphere would bring.
    float facing = dot(n, down);
    return max(1.0 - (0.5 * lost / max(0.25 * vec2(1.0 + facing, 1.0 - facing), 0.02)).xxxy, 0.0);
}
#endif
