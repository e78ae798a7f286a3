"""Take the pictures of this folder from a demo site: `python take.py ADDRESS` (see script/screenshots);
names of pictures behind it take only those.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
WAIT = 60_000
"""Milliseconds: a new demo first computes and prepares its results."""


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page, and how."""

    name: str
    user: str
    path: str
    language: str = "zh"
    phone: bool = False
    dark: bool = False
    click: str = ""


SHOTS = (
    Shot("work", "quality", "/"),
    Shot("work-phone", "head", "/", phone=True),
    Shot("overview", "president", "/overview"),
    Shot("overview-en-dark", "president", "/overview", "en", dark=True),
    Shot("wall", "president", "/wall"),
    Shot("indicator", "quality", "/indicators/hai_06_hand_hygiene?stratum=department&unit=2800"),
    Shot("indicator-en", "quality", "/indicators/hai_06_hand_hygiene?stratum=department&unit=2800", "en"),
    Shot("indicator-phone", "icu", "/indicators/hai_06_hand_hygiene?stratum=department&unit=2800", "en", phone=True),
    Shot("department", "head", "/units/department/0304"),
    Shot("signals", "quality", "/signals"),
    Shot("signal-en", "medical", "/signals", "en", click="main a.list-group-item-action"),
    Shot("findings", "quality", "/cases/finding"),
    Shot("board-en-dark", "quality", "/cases/finding/board", "en", dark=True),
    Shot("finding", "quality", "/cases/finding?q=转科", click="main .case-title, main .case-number"),
    Shot("finding-phone", "surgeon", "/cases/finding?q=术前", phone=True, click="main .case-title, main .case-number"),
    Shot("circle", "icu", "/improve/projects/10"),
    Shot("pareto", "icu", "/improve/projects/10/tools/pareto"),
    Shot("effect", "quality", "/improve/cases/10/effect"),
    Shot("library-en", "vice", "/improve/library", "en"),
    Shot("targets", "quality", "/governance/targets"),
    Shot("audit-en", "audit", "/audit", "en"),
    Shot("organisation", "system", "/organisation"),
    Shot("sign-in", "", "/sign-in"),
)


def main(address: str, *names: str) -> None:
    """Take all of them, or those named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for shot in SHOTS:
            if not names or shot.name in names:
                take(browser, address, shot)
        browser.close()


def take(browser: Browser, address: str, shot: Shot) -> None:
    """Sign in, open the page, wait until its charts are drawn, and keep the picture."""
    size = {"width": 390, "height": 844} if shot.phone else {"width": 1280, "height": 832}
    page = browser.new_page(
        locale="zh-CN" if shot.language == "zh" else "en-US", timezone_id="Asia/Shanghai", is_mobile=shot.phone,
        viewport=size, device_scale_factor=2 if shot.phone else 1.25,
    )  # fmt: skip
    page.set_default_timeout(WAIT)
    if shot.dark:
        page.add_init_script("localStorage.setItem('theme', 'dark')")
    if shot.user:
        sign_in(page, address, shot.user)
    answer = page.goto(address + shot.path)
    if answer is None or not answer.ok:
        raise SystemExit(f"{shot.name}: there is no page {shot.path}")
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_load_state()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    keep(page, shot.name)
    page.context.close()


def sign_in(page: Page, address: str, user: str) -> None:
    """Sign in with the password that the page of a demo shows."""
    page.goto(f"{address}/sign-in")
    page.fill("#sign-in [name=username]", user)
    password = page.locator("[data-demo-password]").get_attribute("data-demo-password") or ""
    page.fill("#sign-in [name=password]", password)
    page.click("#sign-in button")
    page.wait_for_url(f"{address}/")


def keep(page: Page, name: str) -> None:
    """Write what is on the screen as a small picture."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(FOLDER / f"{name}.webp", quality=82, method=6)
    print(name, page.url)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
