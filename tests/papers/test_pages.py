"""The papers in a real browser: read at a desk, on a phone, in the dark, without JavaScript and on paper.

axe-core judges what a person with a screen reader or weak eyes meets; it comes with the packages of the set-up.
"""

import io
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader

from scripts.rehearsal.chromium import find_chromium
from steward.config.loader import load_tenant
from steward.papers.bundle import bundle_page, make_bundle
from steward.papers.confirming import Word, confirm
from steward.papers.handover import make_sheet, sheet_page
from steward.papers.status import read_status, status_page
from tests.config.good_file import GOOD, write_tenant_file
from tests.evidence.files import rewrite
from tests.papers.conftest import record_of
from tests.papers.lives import AT_DEPLOY, REHEARSED, in_window, write_run
from toolchain.layout import Layout

ROOT = Path(__file__).resolve().parents[2]
EXCEPTION = "review:\n  exceptions:\n    - {rule: app_roles_given_to_groups, reason: agreed, until: 2026-12-01}\n"
KINDS = ("bundle", "touched bundle", "sheet", "sheet not ready", "rehearsed sheet", "status")
DESK, PHONE = 1280, 390


def axe_source() -> str:
    """Return axe-core as the set-up installs it, or as it lies beside the cdktf of this machine."""
    cdktf = shutil.which("cdktf")
    places = [Layout(ROOT).node_packages / "node_modules", *(Path(cdktf).resolve().parents if cdktf else ())]
    return next(file for place in places if (file := place / "axe-core" / "axe.min.js").is_file()).read_text()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """One page of each kind, written where a browser opens it."""
    folder = tmp_path_factory.mktemp("papers")
    file = write_tenant_file(folder, GOOD + EXCEPTION)
    evidence = folder / "project" / "evidence" / "contoso"
    tenant = load_tenant(file)
    not_ready = sheet_page(make_sheet(tenant, record_of(evidence)))
    write_run(evidence, in_window())
    confirm(make_sheet(tenant, record_of(evidence)), Word("Jane Doe", ("service-account", "contact-primary")))
    record = record_of(evidence)
    broken = write_tenant_file(folder, "tenant: {name: [", name="broken.yaml")
    texts = {
        "bundle": bundle_page(make_bundle(record), record),
        "sheet": sheet_page(make_sheet(tenant, record)),
        "sheet not ready": not_ready,
        "status": status_page(read_status([file, broken], today=date(2026, 11, 23))),
    }
    rehearsed = folder / "rehearsed"
    write_run(rehearsed, AT_DEPLOY, about={"ran_against": REHEARSED})
    texts["rehearsed sheet"] = sheet_page(make_sheet(tenant, record_of(rehearsed)))
    touched = folder / "touched"
    path = write_run(touched, AT_DEPLOY)
    rewrite(path, path.read_bytes().splitlines(keepends=True)[1:])
    record = record_of(touched)
    texts["touched bundle"] = bundle_page(make_bundle(record), record)
    written = {}
    for kind, text in texts.items():
        written[kind] = folder / f"{kind}.html"
        written[kind].write_text(text, encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--disable-background-networking"])
        yield browser
        browser.close()


def open_page(
    browser: Browser,
    file: Path,
    *,
    width: int = DESK,
    scheme: Literal["dark", "light"] = "light",
    has_scripts: bool = True,
) -> tuple[Page, list[str]]:
    """Open a page in a window of its own; the list fills with what it asks for and what the browser complains of."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=has_scripts
    )
    page = context.new_page()
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(file.as_uri())
    return page, [each for each in told if each != file.as_uri() and not each.startswith("data:")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_accessibility_checker_finds_nothing(
    browser: Browser, pages: Mapping[str, Path], kind: str, width: int, scheme: Literal["dark", "light"]
) -> None:
    page, told = open_page(browser, pages[kind], width=width, scheme=scheme)
    page.evaluate(axe_source())
    found: dict[str, Any] = page.evaluate("axe.run()")
    page.context.close()
    violations = [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]
    assert violations == []
    assert {"color-contrast", "document-title", "html-has-lang"} <= {each["id"] for each in found["passes"]}
    assert told == []


def test_accessibility_checker_finds_what_is_planted(browser: Browser, tmp_path: Path) -> None:
    planted = tmp_path / "planted.html"
    planted.write_text("<p style='color:#ccc;background:#fff'>pale</p><img src='data:,'>")
    page, _ = open_page(browser, planted)
    page.evaluate(axe_source())
    found = {each["id"] for each in page.evaluate("axe.run()")["violations"]}
    page.context.close()
    assert {"color-contrast", "image-alt", "document-title"} <= found


@pytest.mark.parametrize("kind", KINDS)
def test_page_fits_a_phone(browser: Browser, pages: Mapping[str, Path], kind: str) -> None:
    page, _ = open_page(browser, pages[kind], width=PHONE)
    widest = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert widest <= PHONE


@pytest.mark.parametrize("kind", KINDS)
def test_page_says_all_of_it_without_javascript(browser: Browser, pages: Mapping[str, Path], kind: str) -> None:
    page, told = open_page(browser, pages[kind], has_scripts=False)
    headline = page.locator(".verdict h2").first.inner_text()
    visible = page.locator("main").inner_text()
    page.context.close()
    assert headline
    assert len(visible) > 200
    assert told == []


def printed(browser: Browser, file: Path) -> list[str]:
    page, _ = open_page(browser, file, scheme="dark", has_scripts=False)
    pdf = page.pdf(prefer_css_page_size=True)
    page.context.close()
    return [each.extract_text() for each in PdfReader(io.BytesIO(pdf)).pages]


def test_hand_over_sheet_is_two_pages_on_paper(browser: Browser, pages: Mapping[str, Path]) -> None:
    sheets = printed(browser, pages["sheet"])
    assert len(sheets) <= 2
    text = re.sub(r"\s+", " ", " ".join(sheets))
    assert "Hand-over of contoso" in text
    assert "Operator: name, date, signature" in text


@pytest.mark.parametrize(
    ("kind", "head"),
    [("sheet", "contoso: hand-over sheet"), ("rehearsed sheet", "Rehearsal: contoso: hand-over sheet")],
)
def test_every_printed_page_says_whose_it_is(browser: Browser, pages: Mapping[str, Path], kind: str, head: str) -> None:
    sheets = printed(browser, pages[kind])
    assert len(sheets) > 1
    for number, text in enumerate(sheets, 1):
        assert text.lstrip().startswith(head)
        assert f"page {number} of {len(sheets)}" in text


def test_bundle_prints_whole(browser: Browser, pages: Mapping[str, Path]) -> None:
    text = re.sub(r"\s+", " ", " ".join(printed(browser, pages["bundle"])))
    # What a table would scroll to on a screen is there on paper.
    for words in ("Global Administrator from j.keller@contoso.com", "MS.AAD.7.9v1", "request-", "000000000001.jsonl"):
        assert words in text
