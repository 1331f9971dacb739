// How the ground shares sunlight among directions. The numpy twin, and where the numbers come from, is
// selfiesim/planet/photometry.py: keep the two alike (tests/planet/test_photometry.py compares them).
//
//   I/F = A * bidirectional(mu0, mu, cosPhase);   radiance = A * f * E_sun / pi, E_sun on a surface facing the Sun.
//
// Lunar-Lambert with shares that follow the phase angle, fitted to Hapke's law for Mars: one square root, two
// divisions, no arc cosine. Smooth to zero at mu0 = 0, finite for every input.

const float SURGE_HEIGHT = 0.6380;
const float SURGE_WIDTH = 0.0426;
const float GRAZING = 1.0e-3;

float bidirectional(float mu0, float mu, float cosPhase) {
    float lit = clamp(mu0, 0.0, 1.0);
    float seen = clamp(mu, 0.0, 1.0);
    float c = clamp(cosPhase, -1.0, 1.0);
    float tanHalf = sqrt((1.0 - c) / (1.0 + c + 1.0e-6));
    float surge = SURGE_HEIGHT / (1.0 + tanHalf / SURGE_WIDTH);
    float diffuseShare = max(((0.5127 * c - 0.4849) * c - 0.4673) * c + 0.8541, 0.0);
    float singleShare = max(((-0.3219 * c + 0.3593) * c + 0.7206) * c + 0.0526 + surge, 0.0);
    return lit * (singleShare / (lit + seen + GRAZING) + diffuseShare);
}

// Ice: Lambert's law for the most part, no surge.
float iceLaw(float mu0, float mu) {
    float lit = clamp(mu0, 0.0, 1.0);
    float seen = clamp(mu, 0.0, 1.0);
    return lit * (1.275 + 0.3 / (lit + seen + GRAZING));
}
