// The warp of the ground's wide shadow map: from place -1..1 around the lens to the place in the map, larger near the lens.
const float FAR_SPREAD = 20.0;

vec2 warpShadowCoordinates(vec2 place) {
    float away = max(length(place), 1.0e-6);
    return place * (log(1.0 + FAR_SPREAD * away) / (log(1.0 + FAR_SPREAD) * away));
}
