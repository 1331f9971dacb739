"""Files: pictures and the recipes that go with them."""
