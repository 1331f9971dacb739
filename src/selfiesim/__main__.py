"""``python -m selfiesim``: the command line."""

from selfiesim.cli import main

main()
