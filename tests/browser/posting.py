"""Helpers for tests of the form that posts a job: a poster who fills it in."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.serving import Served


class Poster:
    """Whoever posts a job by the form."""

    def __init__(self, page: Page, server: Served) -> None:
        self.page, self.server = page, server
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.server.url}/post{query}")
        expect(self.page.locator(".editor").first).to_be_visible()
        expect(self.page.locator("#who")).not_to_be_empty()

    def function(self, name: str) -> Locator:
        """Where a function is edited."""
        return self.page.get_by_label(f"{name}: code editor")

    def write(self, name: str, text: str) -> None:
        """Writes a function in place of what is there, by the keyboard."""
        self.function(name).focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def list_units(self, *lines: str) -> None:
        self.page.get_by_text("A list", exact=True).click()
        self.field("One unit per line").fill("\n".join(lines))

    def drop(self, name: str, text: str) -> None:
        """Drops a file, as from the desktop."""
        self.page.get_by_text("A file", exact=True).click()
        transfer = self.page.evaluate_handle(
            """([name, text]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([text], name));
              return transfer;
            }""",
            [name, text],
        )
        self.page.dispatch_event(".drop", "drop", {"dataTransfer": transfer})

    def try_unit(self, outcome: str) -> None:
        """Tries the chosen unit, and waits for the outcome."""
        self.page.get_by_role("button", name="Try", exact=True).click()
        expect(self.page.locator("#try")).to_be_enabled()
        expect(self.page.locator("#trial")).to_have_attribute("data-outcome", outcome)

    def trial(self, part: str) -> Locator:
        return self.page.locator(f"#trial-{part}")

    def post(self) -> None:
        self.page.locator("#submit").click()

    def expect_posted(self, text: str) -> str:
        """The path of the job, once all is posted."""
        # The job's validator has judged each unit.
        expect(self.page.locator("#progress-status")).to_have_text(text, timeout=20_000)
        link = self.page.get_by_role("link", name="Watch the job")
        expect(link).to_be_focused()
        return str(link.get_attribute("href")).removeprefix(self.server.url)

    def expect_problem(self, text: str) -> None:
        expect(self.page.locator("#problem")).to_contain_text(text)

    def stored(self) -> Any:
        """What the tab keeps."""
        return self.page.evaluate("({...sessionStorage})")
