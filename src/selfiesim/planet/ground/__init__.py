"""The ground around a landed camera: heights, rocks and their mesh."""
