"""Where everything is at one instant, as figures: orbit, Sun, footprint, ground track, directions, exposure."""
