"""Motion of craft and camera: ejection, relative motion, tumbling, pointing laws, trajectories and orbit events."""
