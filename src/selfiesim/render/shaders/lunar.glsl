// Dark airless ground: Lommel-Seeliger's law, dimming with phase as the Moon does. The numpy twin, and where the numbers
// come from, is selfiesim.planet.laws.lunar: keep the two alike.
//
//   I/F = A * bidirectional(mu0, mu, cosPhase)

const float GRAZING = 1.0e-3;

float bidirectional(float mu0, float mu, float cosPhase) {
    float lit = clamp(mu0, 0.0, 1.0);
    float seen = clamp(mu, 0.0, 1.0);
    float c = clamp(cosPhase, -1.0, 1.0);
    float tanHalf = sqrt((1.0 - c) / (1.0 + c + 1.0e-6));
    return 2.0 * lit / (lit + seen + GRAZING) * exp(-2.5346 * tanHalf / (1.0 + 0.7709 * tanHalf));
}

// No ice is told from ground here.
float iceLaw(float mu0, float mu) { return bidirectional(mu0, mu, 1.0); }
