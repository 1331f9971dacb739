// Seasonal frost and thin clouds; the numbers are in selfiesim/planet/light/weather.py. Where there is nothing to draw a
// loop runs zero times: llvmpipe skips work in loops, but not in branches.

// Fractal value noise in -1..1, from a first cell of `size` planet radii.
float fbmNoise(vec3 direction, float size, int octaves) {
    float sum = 0.0, weight = 0.55;
    vec3 x = direction / size;
    for (int octave = 0; octave < octaves; octave++) {
        vec3 cell = floor(x), w = x - cell;
        w = w * w * (3.0 - 2.0 * w);
        float n = 0.0;
        for (int k = 0; k < 8; k++) {
            vec3 corner = vec3(k & 1, (k >> 1) & 1, k >> 2);
            vec3 share = mix(1.0 - w, w, corner);
            n += hash1(cell + corner) * share.x * share.y * share.z;
        }
        sum += weight * (2.0 * n - 1.0);
        weight *= 0.6;
        x = 2.3 * x.yzx + 17.3;
    }
    return sum;
}

// Fraction of the ground under seasonal frost. The edge is ragged by some two degrees.
float frostCoverage(vec3 direction, float footprint) {
    float edge = direction.z > 0.0 ? frostLines.x : frostLines.y;
    float inside = asin(min(abs(direction.z), 1.0)) - edge, share = 0.0;
    int count = edge < 1.5707 && inside > -0.1 ? 1 : 0;
    for (int once = 0; once < count; once++) {
        float fray = 0.045 * fbmNoise(direction, 0.05, footprint < 0.004 ? 4 : 2);
        share = frostCover * smoothstep(-frostEdge, frostEdge, inside + fray);
    }
    return share;
}

// Optical depth of thin water-ice clouds: wisps over the tropics, hoods over the poles; `clouds` holds belt, north and south.
float cloudOpticalDepth(vec3 direction) {
    float latitude = asin(clamp(direction.z, -1.0, 1.0)), depth = 0.0;
    float belt = clouds.x * smoothstep(0.55, 0.1, abs(latitude - 0.12));
    float hood = (latitude > 0.0 ? clouds.y : clouds.z) * smoothstep(0.95, 1.2, abs(latitude));
    int count = belt + hood > 0.0 ? 1 : 0;
    for (int once = 0; once < count; once++) {
        float clump = fbmNoise(direction * vec3(1.0, 1.0, 2.2), 0.09, 4);
        depth = belt * smoothstep(-0.15, 0.6, clump) * 1.6 + hood * (0.8 + 0.6 * clump);
    }
    return max(depth, 0.0);
}

// Light seen through thin white clouds: they attenuate it, and scatter sunlight almost isotropically.
vec3 applyClouds(vec3 light, float depth, float mu0, float mu) {
    float thick = depth / max(mu, 0.08);
    float white = 1.0 - exp(-0.35 * thick * (1.0 + mu / max(mu0, 0.08)));
    vec3 sun = sunIrradiance * (0.31830989 * max(mu0, 0.0));
    return light * exp(-0.5 * thick) + sun * white * max(mu0, 0.08) / (max(mu0, 0.08) + max(mu, 0.08)) * 1.4;
}
