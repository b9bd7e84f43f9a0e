"""The files that a pool starts with: demo jobs, demo flows and schedulers. `demo` loads them."""

from pathlib import Path

JOBS = Path(__file__).parent / "jobs"
FLOWS = Path(__file__).parent / "flows"
SCHEDULERS = Path(__file__).parent / "schedulers"
