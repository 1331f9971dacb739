"""What a picture is made of: the craft, the planet, the ground, the sky."""
