"""A scene resolved: who carries the camera, and what the lens sees at one instant."""
