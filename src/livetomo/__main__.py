"""``python -m livetomo`` is the same as ``livetomo``."""

from livetomo.cli.main import main

main()
