"""The Python client of comp-pool, and its command line."""

__version__ = "0.1.0"
