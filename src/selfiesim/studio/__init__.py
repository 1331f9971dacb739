"""The studio: a page in the browser on which a shot is set up by hand, drawn live by a worker process."""
