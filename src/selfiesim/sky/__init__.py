"""The sky behind planet and craft: the Sun's disc, moons, planets and stars."""
