"""Picture files, and the recipes they carry."""
