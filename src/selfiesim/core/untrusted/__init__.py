"""Texts and tables from outside: their shape is checked before anything reads them."""
