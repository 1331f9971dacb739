"""How things move: the ejection, relative motion, tumbling, attitude laws, trajectories and events."""
