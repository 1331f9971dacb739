// Where a place on the ground's wide shadow map, from -1 to 1 about the lens, is drawn: what is near the lens larger.
const float FAR_SPREAD = 20.0;

vec2 spread(vec2 place) {
    float away = max(length(place), 1.0e-6);
    return place * (log(1.0 + FAR_SPREAD * away) / (log(1.0 + FAR_SPREAD) * away));
}
