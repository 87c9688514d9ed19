"""A browser without script: it opens sign-in pages, fills in their forms and follows redirects as far as the tenant."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import httpx
from bs4 import BeautifulSoup, Tag

from tests.sandbox.conftest import Tenant


@dataclass(frozen=True)
class Arrival:
    """Where the browser was sent, away from the tenant, with what it carries in the query, fragment or form."""

    uri: str
    values: dict[str, str]


class Browser:
    """One person's browser; its page is the last one shown."""

    def __init__(self, base_url: str, ca_file: Path) -> None:
        context = ssl.create_default_context(cafile=str(ca_file))
        self.client = httpx.Client(base_url=base_url, verify=context, trust_env=False, timeout=30)
        self.response: httpx.Response
        self.page: BeautifulSoup
        self.arrival: Arrival | None = None

    @classmethod
    def at(cls, tenant: Tenant) -> "Browser":
        return cls(tenant.running.base_url, tenant.running.ca_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def open(self, url: str, **parameters: str) -> None:
        """Go to a page."""
        self._take(self.client.get(url, params=parameters or None))

    def submit(self, form_id: str, button: str | None = None, **fields: str) -> None:
        """Fill in a form of the page and send it off, with the button that has this value."""
        form = self.form(form_id, having=set(fields))
        values = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[name]")}
        boxes = {str(each["name"]) for each in form.select("input[type=checkbox]")}
        unknown = fields.keys() - values.keys()
        assert not unknown, f"the form {form_id} has no {unknown}"
        sent = {name: value for name, value in values.items() if name not in boxes} | fields
        if button is not None:
            pressed = form.select_one(f"button[value={button}]")
            assert pressed is not None, f"the form {form_id} has no button {button}"
            sent[str(pressed["name"])] = button
        self._take(self.client.post(str(form["action"]), data=sent))

    def form(self, form_id: str, *, having: set[str]) -> Tag:
        """Find a form of the page that has these fields."""
        for form in self.page.select(f"form#{form_id}"):
            names = {str(each["name"]) for each in form.select("input[name]")}
            if having <= names:
                return form
        raise AssertionError(f"no form {form_id} with {having} on this page:\n{self.page.get_text()}")

    @property
    def step(self) -> str | None:
        """Tell which form the page shows first."""
        form = self.page.select_one("form")
        return None if form is None else str(form["id"])

    @property
    def fault(self) -> str | None:
        """Tell the number that the page shows."""
        shown = self.page.select_one("#fault b")
        return None if shown is None else shown.get_text()

    @property
    def listed(self) -> list[str]:
        """List the permissions that the page asks for."""
        return [each.get_text() for each in self.page.select("#permissions code")]

    @property
    def secret(self) -> str:
        """Read the authenticator's secret off the page."""
        shown = self.page.select_one("#secret")
        assert shown is not None, self.page.get_text()
        return shown.get_text()

    def sign_in(self, login: str, password: str) -> None:
        """Type login and password."""
        self.submit("login", login=login)
        self.submit("credential", password=password)

    def _take(self, response: httpx.Response) -> None:
        while response.is_redirect:
            target = response.headers["location"]
            if not target.startswith(str(self.client.base_url)) and not target.startswith("/"):
                self.arrival = _arrival(target)
                self.page = BeautifulSoup("", "html.parser")
                self.response = response
                return
            response = self.client.get(target)
        self.response = response
        self.page = BeautifulSoup(response.text, "html.parser")
        posted = self.page.select_one("form#form_post")
        if posted is not None:
            values = {str(each["name"]): str(each["value"]) for each in posted.select("input[name]")}
            self.arrival = Arrival(str(posted["action"]), values)


def _arrival(target: str) -> Arrival:
    parts = urlsplit(target)
    carried = parts.fragment or parts.query
    return Arrival(parts._replace(query="", fragment="").geturl(), dict(parse_qsl(carried, keep_blank_values=True)))
