"""Someone at a browser: finds things as people do, by their words, and notices whatever goes wrong meanwhile.

Words are written "Chinese | English"; the visitor reads the half of his language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Request, Response, expect

from xunzhi.web.accounts.demo import PASSWORD

LOCALES = {"zh": "zh-CN", "en": "en-US"}
SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
LEFT_MEANWHILE = "net::ERR_ABORTED"
"""What a request says whose page was left, or whose answer was kept as a file."""


@dataclass
class Faults:
    """What no walk may cause: errors of scripts, refused by the content policy, failed and forbidden requests."""

    found: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"script: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        loading = message.text.startswith("Failed to load resource")  # told by `_answered`, which knows the address
        if message.type == "error" and not loading:
            self.found.append(f"console of {message.page.url if message.page else '?'}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_MEANWHILE:
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")


class Visitor:
    """A person with an account, a language and a screen."""

    def __init__(self, page: Page, address: str, language: str, screen: str, faults: Faults, user: str = ""):
        self.page = page
        self.address = address
        self.language = language
        self.screen = screen
        self.faults = faults
        self.user = user

    def words(self, text: str) -> str:
        """The half of "Chinese | English" that this visitor reads."""
        chinese, _, english = text.partition(" | ")
        return (english or chinese) if self.language == "en" else chinese

    def go(self, path: str) -> None:
        """Open an address and look at the page, once the page at hand is all there."""
        self.ready()
        self.page.goto(path if path.startswith("http") else self.address + path)
        self.look()

    def ready(self) -> None:
        """Wait for the page's scripts: what is pressed before them works too, but as a page of its own."""
        self.page.wait_for_load_state()

    def look(self) -> None:
        """The page fits the screen: it scrolls downwards only."""
        try:
            wide = self._wider()
        except Error:  # the page at hand was just being left
            self.page.wait_for_timeout(500)
            wide = self._wider()
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the {self.screen}"

    def _wider(self) -> int:
        """By how many pixels the page is wider than the screen."""
        self.ready()
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def menu(self, words: str) -> None:
        """Choose an entry of the main menu; on a phone it is opened first."""
        self.ready()
        if self.screen == "phone":
            self.page.locator(".navbar-toggler").click()
        self.page.locator("#sidebar").get_by_role("link", name=self.words(words), exact=True).click()
        self.look()

    def press(self, words: str, within: str = "main") -> None:
        """Press a button or follow a link of these words."""
        self.ready()
        name = self.words(words)
        place = self.page.locator(within)
        button = place.get_by_role("button", name=name, exact=True)
        button.or_(place.get_by_role("link", name=name, exact=True)).first.click()
        self.look()

    def sees(self, words: str, within: str = "main") -> Locator:
        """Fail unless these words are on the page."""
        found = self.page.locator(within).get_by_text(self.words(words)).filter(visible=True).first
        expect(found).to_be_visible()
        self.ready()
        return found

    def sees_not(self, words: str, within: str = "main") -> None:
        """Fail if these words are on the page."""
        expect(self.page.locator(within).get_by_text(self.words(words)).filter(visible=True)).to_have_count(0)

    def fill(self, within: str = "main", **values: Any) -> None:
        """Fill in fields of a case's form, a tool or a row, by their names."""
        self.ready()
        for name, value in values.items():
            area = self.page.locator(f"{within} [data-field='{name}']")
            self.put(area, value)

    def put(self, area: Locator, value: Any) -> None:
        """Fill in one field, as its type asks."""
        if isinstance(value, Path):
            area.locator("input[type=file]").first.set_input_files(value)
            expect(area.locator("input[type=hidden]")).to_have_count(1)
            return
        if isinstance(value, list):
            self._rows(area, value)
            return
        kind = area.get_attribute("data-type")
        if kind in ("person", "unit", "indicator"):
            self.pick(area, value)
        elif area.locator("select").count():
            area.locator("select").select_option(value)
        elif area.locator("input[type=radio]").count():
            said = str(value).lower() if kind == "boolean" else value
            area.locator(f"label:has(input[value='{said}'])").click()
        else:
            area.locator("input:not([type=hidden]), textarea").first.fill(str(value))

    def pick(self, area: Locator, text: str) -> None:
        """Type into a combobox and take what it offers first."""
        area.get_by_role("combobox").click()
        area.get_by_role("combobox").press_sequentially(text)
        code = re.fullmatch(r"S\d+", text)  # of a person, whose number the options don't show
        area.get_by_role("option").filter(has_text=None if code else text).first.click()
        expect(area.locator("input[type=hidden]").last).not_to_have_value("")

    def _rows(self, area: Locator, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            area.locator("[data-add-row]").click()
            cells = area.locator("[data-row]").last
            for column, value in row.items():
                self.put(cells.locator(f"[data-column='{column}']"), value)

    def step(self, words: str, comment: str = "", sign: bool = False, **values: Any) -> None:
        """Take a step of the case on the page: its dialog is filled in, signed if asked for, and sent."""
        self.ready()
        self.page.locator(".case-next").get_by_role("link", name=self.words(words), exact=True).click()
        dialog = self.page.locator("#step.show")
        expect(dialog).to_be_visible()
        self.fill("#step", **values)
        if comment:
            dialog.locator("[name=comment]").fill(comment)
        if sign:
            dialog.locator("[name=password]").fill(PASSWORD)
        dialog.get_by_role("button", name=self.words(words), exact=True).last.click()  # the first may close the dialog

    def proves(self, case: int, month: str) -> None:
        """Say from which month the measures of a case are in place; the chart then shows their effect."""
        self.go(f"/improve/cases/{case}/effect")
        self.page.fill("#month", month)
        self.press("保存 | Save")
        self.sees("可以按有效关闭 | The case can be closed as effective")
        self.page.locator("figure.chart canvas, figure.chart svg").first.wait_for()

    def stands_at(self, words: str) -> None:
        """The case on the page has reached this state."""
        expect(self.page.locator(".case-next .status")).to_have_text(self.words(words))
        self.look()

    def case(self) -> int:
        """Number of the case on the page, as in its address."""
        address = re.compile(r"/(?:cases|projects|contests)/(\d+)")
        self.page.wait_for_url(address)
        return int(address.findall(self.page.url)[0])
