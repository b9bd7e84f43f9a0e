"""Chromium as Debian ships it, as the tests and the benchmark start it."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--enable-unsafe-webgpu",  # There is no graphics card here: WebGPU on its software adapter.
]


def launch(playwright: Playwright, *more: str) -> Browser:
    """As root, its own sandbox of the operating system can't be had."""
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags, *more])
