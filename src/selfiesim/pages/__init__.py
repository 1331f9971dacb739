"""HTML pages and figures: galleries, stories, model sheets."""
