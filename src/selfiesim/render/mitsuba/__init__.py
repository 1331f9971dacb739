"""The path tracer, Mitsuba 3."""
