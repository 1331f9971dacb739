// Reflection laws of the ground. The numpy twin, with the sources of the numbers, is selfiesim/planet/light/photometry.py:
// keep the two alike (tests/planet/test_photometry.py compares them).
//
//   I/F = A * bidirectional(mu0, mu, cosPhase);   radiance = A * f * E_sun / pi, E_sun on a surface facing the Sun.
//
// The weights of Lommel-Seeliger's and Lambert's laws depend on the phase angle: one square root, two divisions, no arc
// cosine. Smooth to zero at mu0 = 0, finite for every input. lawSingle and lawDiffuse hold cubics, highest power first.

const float GRAZING = 1.0e-3;

float bidirectional(float mu0, float mu, float cosPhase) {
    float lit = clamp(mu0, 0.0, 1.0);
    float seen = clamp(mu, 0.0, 1.0);
    float c = clamp(cosPhase, -1.0, 1.0);
    float tanHalf = sqrt((1.0 - c) / (1.0 + c + 1.0e-6));
    float surge = lawSurge.x / (1.0 + tanHalf / lawSurge.y);
    float diffuseShare = max(((lawDiffuse.x * c + lawDiffuse.y) * c + lawDiffuse.z) * c + lawDiffuse.w, 0.0);
    float singleShare = max(((lawSingle.x * c + lawSingle.y) * c + lawSingle.z) * c + lawSingle.w + surge, 0.0);
    return lit * (singleShare / (lit + seen + GRAZING) + diffuseShare);
}

// Ice: mostly Lambert's law, no surge.
float iceReflectance(float mu0, float mu) {
    float lit = clamp(mu0, 0.0, 1.0);
    float seen = clamp(mu, 0.0, 1.0);
    return lit * (1.275 + 0.3 / (lit + seen + GRAZING));
}
