"""``python -m selfiesim``: the command line."""

from selfiesim.cli.app import main

main()
