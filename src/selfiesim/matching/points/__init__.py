"""What is measured in a photograph, and where a camera sees it."""
