"""Firefox as packaged by Debian, driven by WebDriver BiDi without a separate driver."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = """
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("browser.newtab.preload", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.ipc.processPrelaunch.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("toolkit.telemetry.server", "");
"""


class Firefox:
    """One tab."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (Path(self._profile.name) / "user.js").write_text(_PREFERENCES)
        binary = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox"
        self._process = subprocess.Popen(
            [binary, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", self._profile.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": self._profile.name, "MOZ_CRASHREPORTER_DISABLE": "1"},
            text=True,
        )
        self._stack = contextlib.ExitStack()
        connecting = connect(f"{self._address()}/session", max_size=None, open_timeout=30)
        self._socket: ClientConnection = self._stack.enter_context(connecting)
        self._commands = 0
        self._send("session.new", capabilities={})
        self._tab = self._send("browsingContext.create", type="tab")["context"]

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := _LISTENING.search(line):
                return found[1]
        raise AssertionError("Firefox ended before it listened")

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        self._commands += 1
        self._socket.send(json.dumps({"id": self._commands, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=120))
            if message.get("id") == self._commands:
                assert message["type"] == "success", message
                result: dict[str, Any] = message["result"]
                return result

    def goto(self, url: str) -> None:
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, function: str, context: str | None = None) -> Any:
        """The result of a JavaScript function (without arguments, maybe async), passed as JSON.

        It runs in the tab, or in another context as if a press of the visitor had called it.
        """
        expression = f"(async () => JSON.stringify(await ({function})()))()"
        target = {"context": context or self._tab}
        options = {"awaitPromise": True, "userActivation": context is not None}
        answer = self._send("script.evaluate", expression=expression, target=target, **options)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    def find(self, part: str) -> str | None:
        """The context of a frame of the tab, or of another window, whose address contains `part`."""
        tabs = self._send("browsingContext.getTree")["contexts"]
        found = (context for tab in tabs for context in [tab, *tab["children"]] if part in context["url"])
        return next((str(context["context"]) for context in found), None)

    def tabs(self) -> int:
        """Number of tabs, without the empty one that Firefox starts with."""
        return len(self._send("browsingContext.getTree")["contexts"]) - 1

    def close(self) -> None:
        self._stack.close()
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._profile.cleanup()
