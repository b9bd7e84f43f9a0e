"""Chromium as packaged by Debian, as the tests and the benchmark start it."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

# The switch replaces Playwright's own, whose features come first. The last three start hidden pages and spare processes
# with each new window, at more expense than the pool's page.
DISABLED_FEATURES = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    "SpareRendererForSitePerProcess",
]
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # No other host is ever contacted.
    "--no-first-run",
    "--enable-unsafe-webgpu",  # WebGPU on the software adapter, without a graphics card.
]


def flags() -> list[str]:
    """As root, Chromium's own operating system sandbox does not start."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def launch(playwright: Playwright, *more: str) -> Browser:
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*flags(), *more])
