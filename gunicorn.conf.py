"""So that plain `gunicorn` in the checkout serves the pool."""

from server import *  # noqa: F403
