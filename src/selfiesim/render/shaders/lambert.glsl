// Lambert's law, for planets under cloud or air. The numpy twin is selfiesim.planet.photometry.lambert: keep the two alike.
//
//   I/F = A * bidirectional(mu0, mu, cosPhase); a Lambert sphere of albedo 1 has the geometric albedo 2/3.

float bidirectional(float mu0, float mu, float cosPhase) { return 1.5 * clamp(mu0, 0.0, 1.0); }

// No ice is told from ground here.
float iceLaw(float mu0, float mu) { return bidirectional(mu0, mu, 1.0); }
