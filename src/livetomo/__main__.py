"""``python -m livetomo`` is the same as ``livetomo``."""

from livetomo.cli.main import main

if __name__ == "__main__":  # a child process imports this file under another name
    main()
