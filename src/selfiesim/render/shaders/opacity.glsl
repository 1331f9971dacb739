// Opacity: the share of light that a surface stops. Each pass draws a fragment or leaves it out, so that the mean of
// the passes is the right mixture, whatever the order of the surfaces, in the image and in shadow maps alike.

// A number in [0, 1) to compare with the opacity: well spread over neighbouring pixels (Jimenez 2014, "interleaved
// gradient noise") and over the passes, and independent between the triangles along a ray. "salt" is one of the actor.
float opacityThreshold(float pass, float salt) {
    float layer = fract(salt + float(gl_PrimitiveID) * 0.7548776662 + (gl_FrontFacing ? 0.0 : 0.5));
    vec2 place = floor(gl_FragCoord.xy) + floor(vec2(4093.0 * layer, 5003.0 * fract(13.0 * layer)));
    float noise = fract(52.9829189 * fract(dot(place, vec2(0.06711056, 0.00583715))));
    // Steps that spread evenly over any number of passes; those of two layers mostly differ.
    float kind = fract(7.31 * layer);
    float stride = kind < 0.25 ? 0.6180339887 : kind < 0.5 ? 0.4142135624 : kind < 0.75 ? 0.7320508076 : 0.3027756377;
    return fract(noise + layer + pass * stride);
}

// Whether a fragment of this opacity is left out. "dither" is the number of the pass, a least opacity that replaces the
// comparison with noise where it is not negative, and the salt.
bool isLeftOut(float opacity, vec3 dither) {
    return opacity < (dither.y < 0.0 ? opacityThreshold(dither.x, dither.z) + 1.0e-6 : dither.y);
}
