"""A real Chromium, driven without a window: a person's hands at the sandbox's sign-in pages.

It trusts the one key that the sandbox proves over verified TLS, and reaches nothing but this machine.
"""

import base64
import hashlib
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pyotp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from sandbox.control import Control
from steward.errors import ConfigError, RefusedError

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PATIENCE_MILLISECONDS = 20_000.0


def find_chromium() -> str:
    """Return the program; raises `ConfigError` with how to get one."""
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise ConfigError(
        "there is no Chromium",
        why=f"PATH has none of {', '.join(_PROGRAMS)}, and the consent in a browser is played in a real one",
        next_move="install it (Debian: apt-get install chromium; make set-up does so as root), then run again",
    )


@dataclass
class Window:
    """A private window with one page; `seen` keeps what the page listed to be consented to.

    Applications are not on this machine: where one of theirs would open, `away` has its address.
    """

    page: Page
    control: Control
    seen: list[str] = field(default_factory=list)
    away: str = ""

    def __post_init__(self) -> None:
        self.page.on("request", self._notice)

    def _notice(self, request: Request) -> None:
        if request.is_navigation_request() and not _is_here(request.url):
            self.away = request.url

    @contextmanager
    def _going(self) -> Iterator[None]:
        """Let something happen that leads to another page, which may be one that is not here."""
        self.away = ""
        try:
            with self.page.expect_navigation():
                yield
        except PlaywrightError:
            if not self.away:
                raise

    def open(self, address: str) -> None:
        """Go to an address."""
        with self._going(), suppress(PlaywrightError):
            # Where it leads nowhere, what waits for the page tells.
            self.page.goto(address)

    def sign_in(self, login: str, access_pass: str) -> None:
        """Type a login and a Temporary Access Pass."""
        self.give_login(login)
        self._send("credential", "accessPass", access_pass)

    def give_login(self, login: str) -> None:
        """Type a login."""
        self._send("login", "login", login)

    def give_password(self, password: str) -> None:
        """Type a password."""
        self._send("credential", "password", password)

    def enrol(self) -> str:
        """Add the account to an authenticator app, as the page asks; return the app's secret."""
        secret = self.page.inner_text("#secret")
        now = datetime.fromisoformat(self.control.clock()["now"])
        self._send("register", "oneTimeCode", pyotp.TOTP(secret).at(now))
        return secret

    def decide(self, decision: str) -> None:
        """Accept or cancel what the page asks for."""
        self.seen = self.page.locator("#permissions code").all_inner_texts()
        with self._going():
            self.page.click(f"form#consent button[value={decision}]")

    def _send(self, form: str, name: str, value: str) -> None:
        """Fill in a field of a form and send it off."""
        place = f"form#{form} input[name={name}]"
        self.page.fill(place, value)
        with self._going():
            self.page.press(place, "Enter")

    @property
    def words(self) -> str:
        """Return what the page says."""
        return self.page.inner_text("body")

    @property
    def arrived_with(self) -> dict[str, str]:
        """Return the query of the address that the window was sent to last."""
        return dict(parse_qsl(urlsplit(self.away or self.page.url).query))

    @property
    def fault(self) -> str:
        """Return the number of the fault that the page tells, empty for none."""
        told = self.page.locator("#fault b")
        return told.inner_text() if told.count() else ""


@dataclass(frozen=True)
class Chromium:
    """A running browser, and the sandbox at whose pages it is used."""

    browser: Browser
    control: Control

    @contextmanager
    def private_window(self) -> Iterator[Window]:
        """Yield a window that knows of no earlier sign-in."""
        context = self.browser.new_context()
        context.set_default_timeout(_PATIENCE_MILLISECONDS)
        try:
            yield Window(context.new_page(), self.control)
        except PlaywrightError as error:
            raise RefusedError("the person cannot go on at the page", why=error.message.splitlines()[0]) from error
        finally:
            context.close()


def _is_here(address: str) -> bool:
    """Say whether something on this machine serves an address: the sandbox, or a listener at a port of its own."""
    parts = urlsplit(address)
    return parts.hostname == "localhost" and parts.port is not None


@contextmanager
def open_chromium(base_url: str, ca_file: Path, control: Control) -> Iterator[Chromium]:
    """Start Chromium for one sandbox; raises `ConfigError` where there is none or it does not start."""
    program = find_chromium()
    key = _key_of(base_url, ca_file)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=program,
                args=[
                    # A pin: no other key is trusted by it, and this one was verified with the sandbox's authority.
                    f"--ignore-certificate-errors-spki-list={key}",
                    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost",
                    "--disable-background-networking",
                ],
            )
        except PlaywrightError as error:
            raise ConfigError(
                "Chromium does not start",
                why=error.message.splitlines()[0],
                next_move=f"see that {program} runs: {program} --headless --version",
            ) from error
        try:
            yield Chromium(browser, control)
        finally:
            browser.close()


def _key_of(base_url: str, ca_file: Path) -> str:
    """Return the SHA-256 of the sandbox's public key, as Chromium writes it."""
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cafile=str(ca_file))
    with socket.create_connection((host, port)) as plain, context.wrap_socket(plain, server_hostname=host) as shown:
        certificate = x509.load_der_x509_certificate(shown.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
