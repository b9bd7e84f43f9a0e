"""What a pool starts with: the demo jobs and the schedulers that come with it."""

from pathlib import Path

JOBS = Path(__file__).parent / "jobs"
SCHEDULERS = Path(__file__).parent / "schedulers"
