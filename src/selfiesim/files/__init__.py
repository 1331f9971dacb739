"""Picture files and the recipes inside them."""
