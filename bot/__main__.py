"""`python -m bot` is `chiptune serve`."""

import sys

from bot.main import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
