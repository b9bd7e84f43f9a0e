"""`python -m comp_pool`, the same as `comp-pool`."""

import sys

from comp_pool.cli import main

if __name__ == "__main__":
    sys.exit(main())
