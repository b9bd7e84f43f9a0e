"""A post that fails some times before it succeeds."""

from collections.abc import Callable


def failing(*errors: Exception) -> Callable[[], None]:
    """Raises these errors, one with each call, and then none."""
    remaining = list(errors)

    def post() -> None:
        if remaining:
            raise remaining.pop(0)

    return post
