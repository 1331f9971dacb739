// What a vehicle on the ground keeps off itself, as a draft guesses it from two depth maps: the Sun's, and one from
// overhead in place of the planet's. A final picture works it out by rays (exchange.py).
#ifdef ON_GROUND

const float OCCLUDED_FRACTION = 0.8; // of the light from there: the rest is sent on by what stands before it (as final pictures have it)

// 1 where something stands between a light and a point of its map, which ends where its box does.
float occludes(sampler2D map, mat4 toMap, float bias, vec3 position) {
    vec3 p = (toMap * vec4(position, 1.0)).xyz;
    vec2 inside = step(abs(p.xy - 0.5), vec2(0.499));
    return inside.x * inside.y * step(texture(map, p.xy).r, min(p.z, 1.0) - bias);
}

// Of the ground's light and of the sky's (the fourth number), the shares that reach a point which faces n. Two rays go down
// to the ground, where the Sun shines or the vehicle's shadow lies, and two up past what the map from overhead shows: all
// that stands there counts as solid down to the ground. Each sample of a pixel sampleGrid elsewhere; "sampleGrid" tells how many
// there are across and down, the number of this pass' first, and of all.
vec4 estimateAmbientVisibility(vec3 position, vec3 n) {
    vec3 down = planetDirection, u = normalize(cross(down, vec3(down.y, down.z, -down.x))), v = cross(down, u);
    float height = max(dot(groundPlane.xyz, position) + groundPlane.w, 0.02), size = beamTexel * beamSize;
    vec3 lifted = position + 2.0 * beamTexel * n;
    vec2 cell = floor(mod(gl_FragCoord.xy, max(sampleGrid.xy, 1.0))), lost = vec2(0.0);
    int count = sampleGrid.w > 0.0 ? 2 : 0;
    for (int k = 0; k < count; k++) {
        float number = float(k) * sampleGrid.w + sampleGrid.z + cell.x + sampleGrid.x * cell.y;
        float z = (number + 0.5) / (2.0 * sampleGrid.w), turn = 2.399963 * number; // the golden angle
        vec3 level = sqrt(1.0 - z * z) * (cos(turn) * u + sin(turn) * v);
        vec3 below = level + z * down, above = level - z * down;
        vec3 there = position + below * (max(height - 0.04, 0.0) / z); // a little above the ground, which is rough
        // In the shadow there is no beam, and about half of the sky (assumed).
        float dark = (0.5 + 0.5 * directSunFraction) * occludes(shadowMap, bodyToShadow, shadowBias, there);
        float shut = max(occludes(beamMap, bodyToBeam, beamBias, lifted + 0.04 * size * above),
                         occludes(beamMap, bodyToBeam, beamBias, lifted + 0.16 * size * above));
        lost += max(vec2(dot(below, n), dot(above, n)), 0.0) * vec2(dark, OCCLUDED_FRACTION * shut);
    }
    // Over what all rays of either half would bring.
    float facing = dot(n, down);
    return max(1.0 - (0.5 * lost / max(0.25 * vec2(1.0 + facing, 1.0 - facing), 0.02)).xxxy, 0.0);
}
#endif
