"""An administrator at the tenant's sign-in pages: in the browser that a program opens, or with a code elsewhere.

As a program, `python -m tests.life.administrator BASE CA LOGIN PASSWORD ADDRESS`, it goes to one address and ends.
"""

import shlex
import sys
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import httpx

from sandbox.seed import SeedUser
from tests.sandbox.browser import Browser

LOGIN = "ada.king@contoso.example"
PASSWORD = "Kelp-9-lantern"
ADMINISTRATOR = SeedUser(LOGIN, "Ada King", password=PASSWORD, directory_roles=("Global Administrator",))
_PAGES = 8
ACCEPT: Mapping[str, str] = {"button": "accept"}


def walk(
    browser: Browser,
    address: str,
    *,
    login: str = LOGIN,
    password: str = PASSWORD,
    code: str = "",
    answer: Mapping[str, str] = ACCEPT,
) -> None:
    """Go from an address to wherever signing in ends, answering so what is asked on the page of consent."""
    browser.open(address)
    for _ in range(_PAGES):
        match browser.step:
            case "device_code":
                browser.submit("device_code", otc=code)
            case "login":
                browser.sign_in(login, password)
            case "consent":
                browser.submit("consent", **answer)
            case "device":
                browser.submit("device", "accept")
            case _:
                break
    if browser.arrival is not None:
        httpx.post(browser.arrival.uri, data=browser.arrival.values, trust_env=False)


def as_browser(folder: Path, base_url: str, ca_file: Path, login: str = LOGIN) -> str:
    """Write a program into the folder, and return what makes it the browser that Python opens: the variable BROWSER."""
    command = [sys.executable, "-m", "tests.life.administrator", base_url, str(ca_file), login, PASSWORD]
    program = folder / "browser.sh"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$1"\n', encoding="utf-8")
    program.chmod(0o700)
    # With the ampersand Python does not wait for it, as it waits for no browser.
    return f"{shlex.quote(str(program))} %s &"


class Walker(webbrowser.BaseBrowser):
    """What Python opens addresses with in this process, once `at` says at whose pages; until then it opens nothing."""

    at: tuple[str, Path, str] | None = None
    answer: Mapping[str, str] = ACCEPT

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002 - the base's signature
        if self.at is None:
            return False
        base_url, ca_file, login = self.at
        # The credential listens only once this has returned.
        given = (base_url, str(ca_file), login, PASSWORD, url, self.answer)
        threading.Thread(target=main, args=given, daemon=True).start()
        return True


WALKER = Walker("administrator")
webbrowser.register("administrator", None, WALKER, preferred=True)


def main(
    base_url: str, ca_file: str, login: str, password: str, address: str, answer: Mapping[str, str] = ACCEPT
) -> None:
    with Browser(base_url, Path(ca_file)) as browser:
        walk(browser, address, login=login, password=password, answer=answer)


if __name__ == "__main__":
    base, ca, person, secret, where = sys.argv[1:]
    main(base, ca, person, secret, where)
