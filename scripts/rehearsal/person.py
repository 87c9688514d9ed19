"""The person of a rehearsal: signs in at the sandbox's pages with a pass, as somebody at a browser would.

Scripts and tests that rehearse a person's sign-in play it with this; nothing of the product uses it.
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from scripts.rehearsal.scene import Scene
from scripts.rehearsal.tenant_file import LOGIN, REDIRECT_URI
from steward.errors import RefusedError
from steward.wellknown.clients import AZURE_CLI

# RFC 7636, appendix B: a sandbox's codes are nobody's secret, so anybody may know their verifier.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LOOPBACK = "http://localhost"
_PAGES = 6

_GLANCE_SECONDS = 0.2
# Privileged Identity Management takes no role back that was given less than 5 minutes ago.
_FLOOR_SECONDS = 301


@dataclass
class Person:
    """Somebody who takes the passes from the sink's folder: enrols with the first, and signs in with the second."""

    scene: Scene
    sink: Path
    is_patient: bool = False
    fault: Exception | None = None
    _is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def opener(self) -> dict[str, str]:
        """Return the variables by which a program that opens a browser opens this person's; none for this one."""
        return {}

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Have the person act in a thread; raises what stopped it once the block ends."""
        acting = threading.Thread(target=self._act, daemon=True)
        acting.start()
        try:
            yield
        finally:
            self._is_over.set()
            acting.join()
        if self.fault is not None:
            raise self.fault

    def _act(self) -> None:
        try:
            self._live()
        except Exception as fault:  # noqa: BLE001  # it is raised where the person was sent for
            self.fault = fault

    def _live(self) -> None:
        if not self._wait_for(lambda: len(self._passes()) == 1 and self._account()["accountEnabled"]):
            return
        self.scene.control.register_method(LOGIN, self._passes()[0])
        if not self._wait_for(lambda: len(self._passes()) > 1 and self._is_elevated_and_consented()):
            return
        self._let_pass()
        application = self._application()
        sign_in(
            self.scene.sandbox.base_url,
            self.scene.sandbox.ca_file,
            tenant_id=self.scene.sandbox.tenant_id,
            client_id=application["appId"],
            redirect_uri=REDIRECT_URI,
            login=LOGIN,
            access_pass=self._passes()[-1],
        )

    def _let_pass(self) -> None:
        """Let the minutes go by in which Privileged Identity Management takes no role back."""
        if self.is_patient:
            self.scene.control.advance_clock(_FLOOR_SECONDS)

    def _wait_for(self, condition: Callable[[], object]) -> bool:
        while not condition():
            if self._is_over.wait(_GLANCE_SECONDS):
                return False
        return True

    def _passes(self) -> list[str]:
        return [file.read_text(encoding="utf-8").strip() for file in sorted(self.sink.glob("*.pass"))]

    def _account(self) -> dict[str, Any]:
        return self.scene.control.act("GET", f"/v1.0/users/{LOGIN}?$select=id,accountEnabled")

    def _application(self) -> dict[str, Any]:
        wanted = f"displayName eq '{self.scene.tenant.application.display_name}'"
        (found,) = self.scene.control.act("GET", f"/v1.0/servicePrincipals?$filter={wanted}")["value"]
        return dict(found)

    def _is_elevated_and_consented(self) -> bool:
        act, account_id = self.scene.control.act, self._account()["id"]
        held = act("GET", f"/v1.0/roleManagement/directory/roleAssignments?$filter=principalId eq '{account_id}'")
        grants = act("GET", f"/v1.0/oauth2PermissionGrants?$filter=clientId eq '{self._application()['id']}'")
        return bool(held["value"] and grants["value"])


@dataclass
class _Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """Collects the forms of a page with what their fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a field, or a button."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(_Form(values.get("action", "")))
        elif self.found and values.get("name"):
            if tag == "input" and values.get("type") != "checkbox":
                self.found[-1].fields[values["name"]] = values.get("value", "")
            elif tag == "button":
                self.found[-1].buttons[values["value"]] = values["name"]


def sign_in(
    base_url: str,
    ca_file: Path,
    *,
    tenant_id: str,
    client_id: str,
    redirect_uri: str,
    login: str,
    access_pass: str,
    takes_token: bool = True,
) -> None:
    """Sign in to an application with a Temporary Access Pass, consenting for oneself where asked.

    With `takes_token` the person is given one for Microsoft Graph as well. Raises `RefusedError` with the page's words
    when it does not lead back to the application.
    """
    with open_client(base_url, ca_file) as browser:
        typed = {"login": login, "accessPass": access_pass}
        _arrive(browser, tenant_id, client_id=client_id, redirect_uri=redirect_uri, scope="User.Read", typed=typed)
        if not takes_token:
            return
        # Whoever is signed in gets tokens for Microsoft Graph as well, which may outlive the window.
        scope = f"{base_url}/.default"
        code = _arrive(browser, tenant_id, client_id=AZURE_CLI, redirect_uri=LOOPBACK, scope=scope, typed=typed)
        redeem(browser, tenant_id, code, scope)


def redeem(browser: httpx.Client, tenant_id: str, code: str, scope: str) -> None:
    """Change a code of Azure CLI's into a token; raises `RefusedError` when it is not given one."""
    form = {"grant_type": "authorization_code", "client_id": AZURE_CLI, "redirect_uri": LOOPBACK}
    form |= {"code": code, "code_verifier": VERIFIER, "scope": scope}
    answer = browser.post(f"/{tenant_id}/oauth2/v2.0/token", data=form)
    if not answer.is_success:
        raise RefusedError("the person was given no token", why=answer.text)


def open_client(base_url: str, ca_file: Path) -> httpx.Client:
    """Return a client of the sandbox's pages, over verified TLS."""
    context = ssl.create_default_context(cafile=str(ca_file))
    return httpx.Client(base_url=base_url, verify=context, trust_env=False, timeout=30)


def _arrive(
    browser: httpx.Client, tenant_id: str, *, client_id: str, redirect_uri: str, scope: str, typed: dict[str, str]
) -> str:
    """Go through the pages to an application, and return the code that it is given."""
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": scope,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    answer = browser.get(f"/{tenant_id}/oauth2/v2.0/authorize", params=asked)
    for _ in range(_PAGES):
        while answer.is_redirect and not answer.headers["location"].startswith(redirect_uri):
            answer = browser.get(answer.headers["location"])
        if answer.is_redirect:
            return _code_of(answer.headers["location"])
        answer = _submit(browser, answer, typed)
    raise RefusedError("the person did not arrive at the application", why=_words(answer.text))


def _submit(browser: httpx.Client, page: httpx.Response, known: dict[str, str]) -> httpx.Response:
    forms = _Forms()
    forms.feed(page.text)
    for form in forms.found:
        filled = form.fields | {name: value for name, value in known.items() if name in form.fields}
        if "accept" in form.buttons:
            filled[form.buttons["accept"]] = "accept"
        elif filled == form.fields:
            continue
        return browser.post(form.action, data=filled)
    raise RefusedError("the person cannot go on from this page", why=_words(page.text))


def _code_of(location: str) -> str:
    answered = dict(parse_qsl(urlsplit(location).query))
    if "code" not in answered:
        raise RefusedError("the application was not given a code", why=urlsplit(location).query)
    return answered["code"]


def _words(page: str) -> str:
    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.said: list[str] = []

        def handle_data(self, data: str) -> None:
            self.said += data.split()

    words = Words()
    words.feed(page)
    return " ".join(words.said)
