// The craft: glTF metallic-roughness surfaces lit by the Sun, with its shadows, and by the planet.
// Everything is in body axes (metres from the craft's origin), so the distance to the camera costs no precision.

const float PI = 3.14159265;

// Outputs that are one kind of light each; outputMode 0 is their sum. The numbers are those of craft_group.py.
const float SUNLIGHT = 5.0, PLANETSHINE = 6.0, INTERREFLECTION = 7.0, REFLECTION = 8.0, GLOW = 9.0;

vec3 only(float kind, vec3 light) { return outputMode < 0.5 || outputMode == kind ? light : vec3(0.0); }

#ifdef FOIL
// --- Crumpled foil ------------------------------------------------------------------------------------------------

// Value noise in [-1, 1] and its gradient.
vec4 noiseWithGradient(vec3 x) {
    vec3 cell = floor(x), f = x - cell;
    vec3 w = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    vec3 dw = 30.0 * f * f * (f * (f - 2.0) + 1.0);
    float c000 = hash1(cell), c100 = hash1(cell + vec3(1, 0, 0));
    float c010 = hash1(cell + vec3(0, 1, 0)), c110 = hash1(cell + vec3(1, 1, 0));
    float c001 = hash1(cell + vec3(0, 0, 1)), c101 = hash1(cell + vec3(1, 0, 1));
    float c011 = hash1(cell + vec3(0, 1, 1)), c111 = hash1(cell + vec3(1, 1, 1));
    float y00 = mix(c000, c100, w.x), y10 = mix(c010, c110, w.x), y01 = mix(c001, c101, w.x), y11 = mix(c011, c111, w.x);
    float z0 = mix(y00, y10, w.y), z1 = mix(y01, y11, w.y);
    float dx = mix(mix(c100 - c000, c110 - c010, w.y), mix(c101 - c001, c111 - c011, w.y), w.z) * dw.x;
    float dy = mix(y10 - y00, y11 - y01, w.z) * dw.y;
    float dz = (z1 - z0) * dw.z;
    return vec4(2.0 * mix(z0, z1, w.z) - 1.0, 2.0 * vec3(dx, dy, dz));
}

const mat3 NOISE_ROTATION = mat3(0.74, 0.51, -0.44, -0.62, 0.76, -0.17, 0.25, 0.40, 0.88);

// Tilt of the flat facet at x: that of the nearest of random points, one per cell. Only eight cells are searched; where
// that misses the nearest point, there is one more crease.
vec3 facetTilt(vec3 x) {
    vec3 cell = floor(x - 0.5), tilt = vec3(0.0);
    float nearest = 9.0;
    for (int k = 0; k < 8; k++) {
        vec3 other = cell + vec3(k & 1, (k >> 1) & 1, k >> 2);
        vec3 randoms = hash3(other);
        vec3 away = other + 0.15 + 0.7 * randoms - x;
        float far = dot(away, away);
        if (far < nearest) {
            nearest = far;
            tilt = randoms.zxy - 0.5;
        }
    }
    return tilt;
}

// Normal of a sheet that sags between its fastenings and is crumpled: flat facets of three sizes with sharp creases between
// them. Each lattice is rotated and distorted, so that nothing repeats. Whatever is smaller than a pixel fades out;
// "unresolved" is the variance of its slopes, along each axis.
vec3 crumpleNormal(vec3 normal, vec3 position, float pixelSize, out float unresolved) {
    vec3 place = NOISE_ROTATION * position;
    vec4 sag = noiseWithGradient(place / (4.0 * crumpleScale));
    vec4 bend = noiseWithGradient(place.zxy / (1.1 * crumpleScale) + 7.3);
    float visible = clamp(1.5 - pixelSize / crumpleScale, 0.0, 1.0);
    vec3 slope = 0.30 * visible * (sag.yzw * NOISE_ROTATION);
    unresolved = 0.0526 * (1.0 - visible * visible);
    float size = 1.15 * crumpleScale, share = 1.5;
    for (int k = 0; k < 3; k++) {
        visible = clamp(1.5 - 3.0 * pixelSize / size, 0.0, 1.0);
        slope += share * visible * facetTilt(place / size + 0.22 * bend.yzw + 11.7 * float(k));
        unresolved += share * share / 12.0 * (1.0 - visible * visible);
        place = NOISE_ROTATION * place;
        size *= 0.42;
        share *= 0.65;
    }
    slope -= normal * dot(slope, normal);
    unresolved *= crumple * crumple;
    return normalize(normal + crumple * slope);
}
#endif

// --- Surface ------------------------------------------------------------------------------------------------------

// GGX with Smith's height-correlated masking and Schlick's Fresnel term (glTF 2.0, appendix B).
vec3 specular(vec3 f0, float f90, float alpha, float nl, float nv, float nh, float vh) {
    float a2 = alpha * alpha;
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float distribution = a2 / (PI * d * d);
    // Smith's masking divided by 4 nl nv.
    float masking = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1.0e-5);
    vec3 fresnel = f0 + (f90 - f0) * pow(1.0 - min(vh, 1.0), 5.0);
    return distribution * masking * fresnel;
}

#ifdef ANISOTROPY
// The same for a highlight that is longer along one direction of the surface: glTF's KHR_materials_anisotropy, with
// Heitz's masking (2014). "grain" is that direction; the lobe is wider along it.
vec3 specularAnisotropic(vec3 f0, float f90, float alpha, vec3 n, vec3 grain, vec3 l, vec3 v) {
    vec3 h = normalize(l + v), across = cross(n, grain);
    float wide = mix(alpha, 1.0, anisotropy * anisotropy);
    vec3 scaled = vec3(dot(grain, h) / wide, dot(across, h) / alpha, dot(n, h));
    float d = dot(scaled, scaled);
    float distribution = 1.0 / (PI * wide * alpha * d * d);
    float nl = max(dot(n, l), 0.0), nv = max(dot(n, v), 0.02);
    float ofView = nl * length(vec3(wide * dot(grain, v), alpha * dot(across, v), nv));
    float ofLight = nv * length(vec3(wide * dot(grain, l), alpha * dot(across, l), nl));
    vec3 fresnel = f0 + (f90 - f0) * pow(1.0 - clamp(dot(v, h), 0.0, 1.0), 5.0);
    return distribution * 0.5 / (ofView + ofLight + 1.0e-5) * fresnel;
}
#endif

// Directional albedo of a dielectric's coat, level + rise (1 - cosine)^power: (level, rise, power). That light does not
// reach the base. Fitted to the integral of specular() with a reflectance of 4 percent at normal incidence and 1 at
// grazing incidence, and nowhere below it. For other reflectances "f0" and "f90" level and rise scale in proportion: the
// error is at most 0.01 up to a refractive index of 1.8 and 0.02 at 2, for the roughest surface at grazing incidence.
vec3 coatAlbedo(float roughness, float f0, float f90) {
    float r = roughness, r2 = r * r;
    return vec3(f0 / 0.04 * (0.0404 + r2 * (0.0048 * r - 0.0296)),
                max(f90 - f0, 0.0) / 0.96 * 1.09 / (1.0 + r2 * (9.7024 + 22.9546 * r - 16.1626 * r2)),
                min(5.6191 + r * (-10.9817 + r * (14.5214 - 4.9621 * r)), 5.0));
}

// Fraction of the light at a cosine that passes the coat.
float coatTransmittance(vec3 coat, float cosine) {
    return 1.0 - min(coat.x + coat.y * pow(max(1.0 - cosine, 0.0), coat.z), 1.0);
}

// Percentage-closer filtering: the fraction of the four nearest texels of a light's depth map that do not occlude p, a place
// in the map and a depth. "rise" is the slope of the surface, depth over place: each texel is compared with the depth of
// the surface there.
float shadowPcf(sampler2D map, vec3 p, vec2 rise, float size, float bias) {
    vec2 place = p.xy * size - 0.5;
    vec2 base = floor(place), f = place - base;
    float lit[4];
    for (int i = 0; i < 4; i++) {
        vec2 corner = vec2(i & 1, i >> 1);
        float depth = p.z + dot(rise, corner - f) / size;
        lit[i] = step(min(depth, 1.0) - bias, texture(map, (base + corner + 0.5) / size).r);
    }
    return mix(mix(lit[0], lit[1], f.x), mix(lit[2], lit[3], f.x), f.y);
}

// Place in a light's map, and depth, of a point; "texel" is the width of a texel, m.
vec3 toShadowMap(mat4 toMap, float texel, vec3 light, vec3 position, vec3 normal) {
    // An offset of some texels along the normal, more at a slant, keeps the surface from shadowing itself.
    float slope = 1.0 - max(dot(normal, light), 0.0);
    return (toMap * vec4(position + normal * texel * (shadowNormalOffset.x + shadowNormalOffset.y * slope), 1.0)).xyz;
}

// Normal of the mesh's own face, whatever the vertex normals are.
vec3 facet = vec3(0.0);

void setFacet(vec3 position, vec3 smoothNormal) {
    vec3 across = cross(dFdx(position), dFdy(position));
    float size = length(across);
    facet = size > 0.0 ? across / size : normalize(smoothNormal);
}

// Slope of a surface's depth across a light's map, limited where the light grazes the surface.
vec2 shadowDepthSlope(mat4 toMap, vec3 light) {
    vec3 normal = dot(facet, light) < 0.0 ? -facet : facet;
    mat3 axes = transpose(mat3(toMap));
    vec3 steep = vec3(dot(normal, axes[0]), dot(normal, axes[1]), dot(normal, axes[2]));
    steep /= vec3(dot(axes[0], axes[0]), dot(axes[1], axes[1]), dot(axes[2], axes[2]));
    float least = 0.2 / length(axes[2]);
    return steep.xy / max(-steep.z, least);
}

// Fraction of a light that reaches a point, by the light's depth map, "size" texels wide.
float lightVisibility(sampler2D map, mat4 toMap, float size, float texel, float bias, vec3 light, vec3 position, vec3 normal) {
    vec3 p = toShadowMap(toMap, texel, light, position, normal);
    // The map is fitted to what can be in shadow: ground outside it is lit.
    vec2 inside = step(abs(p.xy - 0.5), vec2(0.5 - 1.0 / size));
    return mix(1.0, shadowPcf(map, p, shadowDepthSlope(toMap, light), size, bias), inside.x * inside.y);
}

#ifdef GROUND
// The same by the ground's wide map, whose texels grow with the distance from the camera.
float farMapVisibility(vec3 position, vec3 normal) {
    float sine = sqrt(max(1.0 - dot(normal, sunDirection) * dot(normal, sunDirection), 0.0));
    vec2 place = 2.0 * (bodyToFar * vec4(position, 1.0)).xy - 1.0;
    float away = max(length(place), 1.0e-4), whole = log(1.0 + FAR_SPREAD);
    // A texel is longer radially than tangentially; what counts is its length along the slope of the depths.
    float outward = farTexel * (1.0 + FAR_SPREAD * away) * whole / FAR_SPREAD;
    float across = farTexel * away * whole / log(1.0 + FAR_SPREAD * away);
    vec2 lean = (mat3(bodyToFar) * normal).xy;
    float along = min(abs(dot(lean, place)) / (away * max(length(lean), 1.0e-9)), 1.0);
    float texel = outward * along + across * sqrt(1.0 - along * along);
    vec3 p = (bodyToFar * vec4(position + normal * texel * (0.1 + 0.8 * sine), 1.0)).xyz;
    p = vec3(0.5 + 0.5 * warpShadowCoordinates(2.0 * p.xy - 1.0), min(p.z, 1.0));
    return mix(shadowPcf(farMap, p, vec2(0.0), farSize, farBias * texel / farTexel), 1.0, smoothstep(0.9, 1.0, away));
}

float sunVisibility(vec3 position, vec3 normal) {
    vec3 p = toShadowMap(bodyToShadow, shadowTexel, sunDirection, position, normal);
    // Blend from one map to the other over the outer part of the finer map, so that no border shows.
    vec2 inside = smoothstep(0.5, 0.46, abs(p.xy - 0.5));
    float near = shadowPcf(shadowMap, p, shadowDepthSlope(bodyToShadow, sunDirection), shadowSize, shadowBias);
    return mix(farMapVisibility(position, normal), near, inside.x * inside.y);
}
#else
float sunVisibility(vec3 position, vec3 normal) {
    return lightVisibility(shadowMap, bodyToShadow, shadowSize, shadowTexel, shadowBias, sunDirection, position, normal);
}
#endif

// --- The planet's light -------------------------------------------------------------------------------------------

#ifdef ON_GROUND
// Fractions of the ground's light (rgb) and of the sky's (a) that vehicles leave to the shaded point.
vec4 ambientVisibility = vec4(1.0);
#endif

// Irradiance from the lit, visible planet on a surface with normal n: spherical harmonics of order 2. For a craft on the
// ground it is that from ground and sky, each times its ambient visibility.
vec3 planetIrradiance(vec3 n) {
    vec3 e = planetShA * vec3(1.0, n.y, n.z) + planetShB * vec3(n.x, n.x * n.y, n.y * n.z)
           + planetShC * vec3(3.0 * n.z * n.z - 1.0, n.x * n.z, n.x * n.x - n.y * n.y);
    e = max(e, 0.0);
#ifdef ON_GROUND
    vec3 sent = PI * planetSubsolarRadiance * max(dot(-planetDirection, sunDirection), 0.0);
    vec3 ground = min(sent * 0.5 * (1.0 + dot(n, planetDirection)), e);
    e = ambientVisibility.rgb * ground + ambientVisibility.a * (e - ground);
#endif
    return e;
}

// The part of planetIrradiance() that other parts of the craft block: this pass's beam where it does not arrive.
vec3 planetOcclusion(vec3 position, vec3 normal, vec3 shadingNormal) {
#ifdef DRAFT
    return vec3(0.0);
#endif
    float facing = dot(shadingNormal, beamDirection);
    if (facing <= 0.0 || beamIrradiance.g <= 0.0) return vec3(0.0);
    float lit = lightVisibility(beamMap, bodyToBeam, beamSize, beamTexel, beamBias, beamDirection, position, normal);
    return beamIrradiance * facing * (1.0 - lit);
}

// Radiance of the planet reflected from direction r by a surface with this roughness and normal n.
vec3 planetReflection(vec3 r, vec3 n, float roughness) {
    float toward = dot(r, planetDirection);
    float width = 0.02 + 0.6 * roughness;
#ifdef ON_GROUND
    // A surface that faces the ground reflects no sky, however rough it is, and vice versa.
    toward += width * dot(n, planetDirection);
#endif
    float inside = smoothstep(planetEdgeCosine - width, planetEdgeCosine + width, toward);
    // A dust sky: bright at the horizon, darker overhead; none in space.
    vec3 sky = (1.0 - inside) * mix(skyHorizon, skyZenith, max(-toward, 0.0));
#ifdef ON_GROUND
    sky *= ambientVisibility.a;
    inside *= dot(ambientVisibility.rgb, vec3(1.0 / 3.0));
#endif
    if (inside <= 0.0) return sky;
    // Where the reflected ray meets the planet (unit sphere at planetDistance), or its limb.
    float along = max(toward, planetEdgeCosine) * planetDistance;
    float reach = max(along * along - planetDistance * planetDistance + 1.0, 0.0);
    vec3 normal = normalize((along - sqrt(reach)) * r - planetDistance * planetDirection);
    return sky + inside * planetSubsolarRadiance * max(dot(normal, sunDirection), 0.0);
}

// Value here of a picture made by tracing rays, and 1; or 0 where none were traced (see
// selfiesim/render/light/reflection_rays.py and diffuse_rays.py).
vec4 sampleTraced(sampler2D map, vec3 position) {
#ifdef DRAFT
    return vec4(0.0);
#endif
    vec4 place = bodyToScreen * vec4(position, 1.0);
    vec4 sum = reflectionWeight * texture(map, place.xy / place.w);
    return sum.a > 0.05 ? vec4(sum.rgb / sum.a, 1.0) : vec4(0.0);
}

// The material at one point of a surface.
struct Surface {
    vec3 base;
    float metallic;
    float roughness;
    float occlusion;  // fraction of the planet's light that fine relief leaves
    vec3 glow;
    vec3 coat;        // reflectance of the dielectric part at normal incidence
    float rim;        // and at grazing incidence
    vec3 normal;      // of the mesh, toward the camera
    vec3 shading;     // normal bent by foil or a normal map
    vec3 grain;       // direction along the surface in which highlights are longer
};

#ifdef CLEARCOAT
// "light" of the surface below a clear coat, attenuated, plus the coat's own reflection: glTF's KHR_materials_clearcoat. The
// coat is as smooth as the mesh, whatever the surface below it is.
vec3 applyClearcoat(vec3 light, vec3 position, Surface s, vec3 toEye) {
    float nv = clamp(dot(s.normal, toEye), 0.02, 1.0);
    float nl = dot(s.normal, sunDirection);
    float coatReflectance = clearcoat * (0.04 + 0.96 * pow(1.0 - nv, 5.0));
    vec4 traced = sampleTraced(coatReflectionMap, position);
    vec3 around = mix(planetReflection(reflect(-toEye, s.normal), s.normal, clearcoatRoughness), traced.rgb, traced.a);
    vec3 mirrored = only(REFLECTION, s.occlusion * coatReflectance * around);
    if (nl > 0.0) {
        vec3 halfway = normalize(sunDirection + toEye);
        float alpha = max(clearcoatRoughness * clearcoatRoughness, 0.003);
        vec3 lobe = specular(vec3(0.04), 1.0, alpha, nl, nv, dot(s.normal, halfway), max(dot(toEye, halfway), 0.0));
        mirrored += only(SUNLIGHT, clearcoat * lobe * nl * sunIrradiance * sunVisibility(position, s.normal));
    }
    return light * (1.0 - coatReflectance) + mirrored;
}
#endif

vec3 craftRadiance(vec3 position, Surface s) {
#ifdef ON_GROUND
    ambientVisibility = mix(estimateAmbientVisibility(position, s.normal), vertexVisibility, indirectWeight);
#endif
    vec3 toEye = normalize(eyePosition - position);
    float nv = clamp(dot(s.shading, toEye), 0.02, 1.0);
    float alpha = max(s.roughness * s.roughness, 0.003);
    // A fully rough surface is matt: a specular lobe as wide as the diffuse one counts as diffuse light.
    float strength = 1.0 - smoothstep(0.9, 1.0, s.roughness);
    vec3 f0 = mix(s.coat * strength, s.base, s.metallic);
    float f90 = mix(s.rim * strength, 1.0, s.metallic);
    vec3 coat = coatAlbedo(s.roughness, max(s.coat.r, max(s.coat.g, s.coat.b)) * strength, s.rim * strength);
    // Averaged over the hemisphere.
    float coatAverage = min(coat.x + 2.0 * coat.y / ((coat.z + 1.0) * (coat.z + 2.0)), 0.999);
    // Creases scatter light from facet to facet: part of a foil's reflection is diffuse, in the metal's colour.
    vec3 diffuse = s.base * mix(1.0 - s.metallic, 0.4, s.metallic * crumple) * coatTransmittance(coat, nv);

    vec3 light = vec3(0.0);
    float nl = dot(s.shading, sunDirection);
    float facing = dot(s.normal, sunDirection);
    if (nl > 0.0 && facing > 0.0) {
        vec3 halfway = normalize(sunDirection + toEye);
#ifdef REGOLITH
        // The law is relative to a geometric albedo, 2/3 of the base colour, and has the cosine in it.
        vec3 brdf = diffuse / (1.5 * PI) * bidirectional(nl, nv, dot(sunDirection, toEye)) / nl;
#else
        vec3 brdf = diffuse / PI * coatTransmittance(coat, nl) / (1.0 - coatAverage);
#endif
#ifdef ANISOTROPY
        brdf += specularAnisotropic(f0, f90, alpha, s.shading, s.grain, sunDirection, toEye);
#else
        brdf += specular(f0, f90, alpha, nl, nv, max(dot(s.shading, halfway), 0.0), max(dot(toEye, halfway), 0.0));
#endif
        light += only(SUNLIGHT, brdf * nl * sunIrradiance * sunVisibility(position, s.normal));
    }
#ifdef REGOLITH
    diffuse *= lambertShare;
#endif
    // Negative in some passes; their mean is not.
    vec4 planetVisibility = sampleTraced(planetVisibilityMap, position);
    vec3 soft = planetIrradiance(s.shading) * mix(1.0, planetVisibility.r, planetVisibility.a)
              - planetOcclusion(position, s.normal, s.shading);
#ifdef GROUND
    // Close under a vehicle the few beams of the passes are too coarse; the visible fraction of the sky is known there.
    soft = mix(soft, skyVisibility * planetIrradiance(s.shading), indirectWeight * smoothstep(0.05, 0.3, 1.0 - skyVisibility));
#endif
    light += only(PLANETSHINE, s.occlusion * diffuse / PI * soft);
    vec3 fresnel = f0 + (max(vec3(f90 * (1.0 - s.roughness)), f0) - f0) * pow(1.0 - nv, 5.0);
    vec4 traced = sampleTraced(reflectionMap, position);
    vec3 around = planetReflection(reflect(-toEye, s.shading), s.shading, s.roughness);
    light += only(REFLECTION, s.occlusion * fresnel * mix(around, traced.rgb, traced.a));
    // Interreflection. Where no rays were traced for the gloss, it reflects the mean of the light that arrives.
    vec3 scattered = mix(mix(diffuse + fresnel, s.base, s.metallic), diffuse, traced.a);
    vec4 indirect = sampleTraced(indirectMap, position);
    vec3 between = mix(max(indirectLight, 0.0) * indirectWeight, indirect.rgb, indirect.a);
    light += only(INTERREFLECTION, s.occlusion * scattered / PI * between);
#ifdef CLEARCOAT
    light = applyClearcoat(light, position, s, toEye);
#endif
    return only(GLOW, s.glow) + light;
}


#ifdef NORMAL_MAP
// Normal from a normal map; tangentU.xyz points along growing u, the sign of tangentU.w gives the side of growing v.
vec3 applyNormalMap(vec3 normal, vec4 tangentU, vec2 uv) {
    vec3 tangent = normalize(tangentU.xyz - normal * dot(normal, tangentU.xyz));
    vec3 other = cross(normal, tangent) * sign(tangentU.w);
    vec3 n = texture(normalTexture, uv, lodBias).xyz * (255.0 / 127.0) - 128.0 / 127.0;
    n.xy *= normalScale;
    return normalize(tangent * n.x + other * n.y + normal * n.z);
}
#endif

#ifdef SEE_THROUGH
float opacityAt(vec2 uv) {
    float share = surfaceOpacity * vertexOpacity;
#ifdef BASE_MAP
    share *= texture(baseTexture, uv, lodBias).a;
#endif
    return share;
}
#endif

#ifdef GROUND
// Slope and tone of one size of grit, the darkness of its pits and the brightness of its dusty grains (assumed).
const float GRIT_SLOPE = 0.15, GRIT_TONE = 0.08, GRIT_PIT = 0.08, GRIT_GRAIN = 0.24;
// The mean of smoothstep(0.35, 0.75, x) over the noise is 0.1353: grit changes no area's mean.
const float GRIT_MEAN = 0.1353 * (GRIT_GRAIN - GRIT_PIT);

// Value noise in -1..1 and its gradient.
vec3 flatNoise(vec2 x, float layer) {
    vec2 cell = floor(x), f = x - cell;
    vec2 w = f * f * f * (f * (f * 6.0 - 15.0) + 10.0), dw = 30.0 * f * f * (f * (f - 2.0) + 1.0);
    float a = hash1(vec3(cell, layer)), b = hash1(vec3(cell + vec2(1, 0), layer));
    float c = hash1(vec3(cell + vec2(0, 1), layer)), d = hash1(vec3(cell + vec2(1, 1), layer));
    float value = mix(mix(a, b, w.x), mix(c, d, w.x), w.y);
    return vec3(2.0 * value - 1.0, 2.0 * dw * vec2(mix(b - a, d - c, w.y), mix(c - a, d - b, w.x)));
}

// Grit: pits, crumbs and grains from two centimetres down to two millimetres, below the cells of the mesh. Each size
// fades out before it gets narrower than a pixel; that it is foreshortened is left to the passes.
void addGrit(vec3 position, inout Surface s) {
    // In the plane of two axes, those that the face is not square to: steep faces have no streaks.
    vec3 most = abs(facet);
    mat3x2 flatten = most.z > max(most.x, most.y) ? mat3x2(1, 0, 0, 1, 0, 0)
                   : most.x > most.y ? mat3x2(0, 0, 1, 0, 0, 1) : mat3x2(1, 0, 0, 0, 0, 1);
    vec2 place = flatten * position;
    float footprint = min(length(dFdx(position)), length(dFdy(position)));
    float size = 0.021, tone = 0.0;
    vec2 slope = vec2(0.0);
    for (int k = 0; k < 4; k++) {
        float visible = clamp(1.4 - 1.6 * footprint / size, 0.0, 1.0);
        if (visible == 0.0) break;
        vec3 noise = flatNoise(mat2(0.8, 0.6, -0.6, 0.8) * place / size, float(k));
        place = mat2(0.8, 0.6, -0.6, 0.8) * place + 3.1 * size;
        slope += visible * GRIT_SLOPE * noise.yz;
        // Pits are dark: little of the sky reaches into them.
        tone += visible * (GRIT_TONE * noise.x - GRIT_PIT * smoothstep(0.35, 0.75, -noise.x)
                           + GRIT_GRAIN * smoothstep(0.35, 0.75, noise.x) - GRIT_MEAN);
        size *= 0.42;
    }
    s.base *= max(1.0 + tone * gritTint, 0.3);
    s.shading = normalize(s.shading - slope * flatten);
}
#endif

Surface surfaceAt(vec3 position, vec3 smoothNormal, vec2 uv) {
    Surface s = Surface(baseColor * tint, metallic, roughness, 1.0, glow, f0Reflectance, specularWeight, normalize(smoothNormal),
                        vec3(0.0), vec3(0.0));
#ifdef BASE_MAP
    s.base *= texture(baseTexture, uv, lodBias).rgb;
#endif
#ifdef ROUGH_MAP
    vec4 rough = texture(roughTexture, ROUGH_UV(uv), lodBias);
    s.roughness *= rough.g;
    s.metallic *= rough.b;
#endif
#ifdef OCCLUSION_MAP
    s.occlusion = mix(1.0, texture(occlusionTexture, OCCLUSION_UV(uv), lodBias).r, occlusionStrength);
#endif
#ifdef GLOW_MAP
    s.glow *= texture(glowTexture, GLOW_UV(uv), lodBias).rgb;
#endif
#ifdef SPECULAR_COLOR_MAP
    s.coat *= texture(specular_colorTexture, SPECULAR_COLOR_UV(uv), lodBias).rgb;
#endif
#ifdef SPECULAR_MAP
    s.rim *= texture(specularTexture, SPECULAR_UV(uv), lodBias).a;
#endif
    s.coat = min(s.coat, 1.0) * s.rim;
    vec3 outward = s.normal;
#ifndef OUTWARD
    if (dot(s.normal, eyePosition - position) < 0.0) s.normal = -s.normal;
#endif
    s.shading = s.normal;
#ifdef GROUND
    addGrit(position, s);
#endif
#ifdef NORMAL_MAP
    s.shading = applyNormalMap(outward, tangentU, NORMAL_UV(uv));
    if (dot(outward, s.normal) < 0.0) s.shading = -s.shading;
#endif
#ifdef FOIL
    float unresolved;
    s.shading = crumpleNormal(s.shading, position, length(eyePosition - position) * pixelAngle, unresolved);
    s.roughness = min(pow(pow(s.roughness, 4.0) + 2.0 * unresolved, 0.25), 1.0);
#endif
#ifdef ANISOTROPY
    vec3 u = normalize(tangentU.xyz - s.shading * dot(s.shading, tangentU.xyz));
    s.grain = cos(grainTurn) * u + sin(grainTurn) * sign(tangentU.w) * cross(outward, u);
#endif
    return s;
}

// Radiance or one kind of it, a truth layer (normal and part number, or base colour and sunlight; see selfiesim/render/common/truth.py), or
// properties of the gloss.
vec4 craftOutput(vec3 position, vec3 smoothNormal, vec2 uv, float part) {
    setFacet(position, smoothNormal);
    uv = WRAPPED(uv);
#ifdef SEE_THROUGH
#ifdef MASK
    if (opacityAt(uv) < alphaCutoff) discard;
#else
    if (isLeftOut(opacityAt(uv), dither)) discard;
#endif
#endif
    Surface s = surfaceAt(position, smoothNormal, uv);
    if (outputMode < 0.5 || outputMode > 4.5) return vec4(craftRadiance(position, s), 1.0);
#ifdef DRAFT
    return vec4(s.normal, part);
#endif
    if (outputMode < 1.5) return vec4(s.normal, part);
    // Sunlight and roughness plus 1: VTK discards fragments with an alpha of 0.
    if (outputMode > 3.5) return vec4(s.grain, 1.0);
    if (outputMode > 2.5) return vec4(s.shading, 1.0 + s.roughness);
    float facing = dot(s.normal, sunDirection);
    return vec4(s.base, 1.0 + (facing > 0.0 ? sunVisibility(position, s.normal) * sunShare : 0.0));
}
