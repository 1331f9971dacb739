"""From light to photograph: exposure and development."""
