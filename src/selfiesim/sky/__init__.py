"""What stands in the sky besides planet and craft: the Sun's disc, moons, planets and stars."""
