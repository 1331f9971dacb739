// Detail below the pixels of the maps: small craters and a faint mottling. They are invented; their sizes halve from one
// octave to the next and fade out near the size of a pixel, so that nothing shimmers.
//
// Each octave is a square lattice on the faces of a cube with at most one crater per cell. A crater that would cross an
// edge of the cube is left out, so there is no visible seam; distances are measured on the sphere, so craters are round.

const float COARSEST = 0.0065; // cell of the first octave, planet radii: 22 km, for craters under 15 km
const int OCTAVES = 5;

// Add one octave to the gradient; return a smooth random tone in -1..1.
float craterOctave(vec3 direction, vec2 face, float radial, vec3 axisU, vec3 axisV, vec3 axisW, float side, float strength,
                   float density, inout vec3 gradient) {
    float cells = floor(1.0 / side);
    vec2 at = face * cells - 0.5, base = floor(at), w = at - base;
    w = w * w * (3.0 - 2.0 * w);
    float tone = 0.0;
    for (int k = 0; k < 4; k++) {
        vec2 corner = vec2(k & 1, k >> 1);
        vec2 cell = base + corner;
        vec3 randoms = hash3(vec3(cell, radial + cells));
        tone += (2.0 * randoms.z - 1.0) * (corner.x > 0.5 ? w.x : 1.0 - w.x) * (corner.y > 0.5 ? w.y : 1.0 - w.y);
        vec2 middle = (cell + 0.5 + 0.5 * (randoms.xy - 0.5)) / cells;
        vec3 there = axisW + middle.x * axisU + middle.y * axisV;
        float stretch = 1.0 / dot(there, there);
        float share = fract(randoms.z * 7.31 + randoms.x);
        float radius = side * stretch * (0.10 + 0.24 * share * share);
        vec3 away = direction - there * sqrt(stretch);
        float distance = length(away), q = distance / radius;
        // Floor, wall, rim and ejecta blanket as one slope; older craters are shallower.
        float slope = q < 1.0 ? 0.42 * q * q * (1.0 - smoothstep(0.8, 1.0, q) * 1.25) : -0.105 * (2.0 - q) * (2.0 - q);
        bool isCrater = randoms.y < density && q < 2.0 && max(abs(middle.x), abs(middle.y)) + 3.0 * radius < 1.0;
        if (isCrater) gradient += away * (strength * slope * (0.15 + 0.85 * fract(randoms.x * 5.7)) / max(distance, 1e-7));
    }
    return tone;
}

void addDetail(vec3 direction, float footprint, float ice, inout vec3 gradient, inout float tone) {
    // Dense on old ground, sparse on young; the map of the north pole has small craters of its own. Cells have 250 km2 on
    // average, and half of the first octave's craters are over 5 km.
    vec2 turns = vec2(fract(atan(direction.y, direction.x) * 0.15915494), 0.5 - asin(direction.z) * 0.31830989);
    float fade = smoothstep(0.955, 0.91, direction.z);
    float density = craterScale * textureLod(craterMap, turns, 0.0).r * fade;
    // How many octaves the pixel shows. A shorter loop saves work; llvmpipe runs both sides of a branch.
    float finest = floor(log2(0.211 * COARSEST / footprint) / 1.0893) + 1.0; // where `visible` below reaches 0
    int count = int(clamp(finest, 0.0, fade > 0.0 ? float(OCTAVES) : 0.0));
    vec3 size = abs(direction);
    bool first = size.x >= size.y && size.x >= size.z, second = !first && size.y >= size.z;
    vec3 axisU = first ? vec3(0, 1, 0) : second ? vec3(0, 0, 1) : vec3(1, 0, 0);
    vec3 axisV = first ? vec3(0, 0, 1) : second ? vec3(1, 0, 0) : vec3(0, 1, 0);
    vec3 axisW = (first ? vec3(1, 0, 0) : second ? vec3(0, 1, 0) : vec3(0, 0, 1));
    float depth = dot(direction, axisW);
    axisW *= sign(depth);
    vec2 face = vec2(dot(direction, axisU), dot(direction, axisV)) / abs(depth);
    float radial = (first ? 1.0 : second ? 2.0 : 3.0) * sign(depth) * 37.0;
    float side = COARSEST;
    float edge = smoothstep(1.0, 0.97, max(abs(face.x), abs(face.y))) * (1.0 - 0.8 * ice) * fade;
    for (int octave = 0; octave < count; octave++) {
        float visible = clamp(1.9 - 9.0 * footprint / side, 0.0, 1.0);
        float mottle = craterOctave(direction, face, radial, axisU, axisV, axisW, side, visible * (1.0 - ice), density, gradient);
        tone += 0.035 * visible * edge * mottle;
        side *= 0.47;
    }
}
