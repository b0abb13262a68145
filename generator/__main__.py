"""`python -m generator`: the generator process, as `generator.process.main` runs it."""

import sys

from generator.process.main import main

if __name__ == "__main__":
    sys.exit(main())
