"""What a browser gets: a page, or a redirect in one of OAuth's response modes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.sign_in.refusals import SignInError


@dataclass(frozen=True)
class Page:
    """A page by the name of its template; `error` is what the journal says of it."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = HTTPStatus.OK
    error: SignInError | None = None


@dataclass(frozen=True)
class Redirect:
    """An answer to whoever sent the browser here."""

    uri: str
    parameters: Mapping[str, str]
    mode: str = "query"
    error: SignInError | None = None

    def address(self) -> str:
        """Write where the browser is sent; for `form_post` the parameters travel in a form instead."""
        if self.mode == "form_post" or not self.parameters:
            return self.uri
        mark = "#" if self.mode == "fragment" else "&" if urlsplit(self.uri).query else "?"
        return f"{self.uri}{mark}{urlencode(self.parameters)}"


Reply = Page | Redirect


def error_page(refusal: SignInError) -> Page:
    """Show a refusal that ends everything; what is wrong with the request itself is HTTP 400."""
    status = HTTPStatus.BAD_REQUEST if refusal.error.startswith(("invalid_re", "invalid_s", "un")) else HTTPStatus.OK
    return Page("error.html", {"refusal": refusal}, status, refusal)
