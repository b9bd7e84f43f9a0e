"""What a pool starts with: the demo jobs, the demo flows and the schedulers that come with it."""

from pathlib import Path

JOBS = Path(__file__).parent / "jobs"
FLOWS = Path(__file__).parent / "flows"
SCHEDULERS = Path(__file__).parent / "schedulers"
