"""Web addresses in a tenant file: the bases of a cloud, and the application's redirect URIs.

https://learn.microsoft.com/entra/identity-platform/reply-url
"""

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from steward.config.problem import shown
from steward.config.refusal import refuse
from steward.config.words import Text

_REDIRECT_URI_LENGTH = 256
_HOST_AND_PORT = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?")


def _split_address(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # reading it is what checks it
    except ValueError as error:
        raise refuse(f"{shown(value)!r} is no address", why=str(error)) from error
    return parts


def _check_https_base(value: str) -> str:
    parts = _split_address(value)
    if parts.scheme != "https" or not _HOST_AND_PORT.fullmatch(parts.netloc):
        raise refuse(
            f"{shown(value)!r} is no https address",
            why="tokens travel to it, so nothing but https is taken, in lower case and without a user name",
            next_move="write it as 'https://host:port'",
        )
    base = f"https://{parts.netloc}"
    if value != base:
        raise refuse(
            f"{shown(value)!r} is more than scheme, host and port",
            why="paths are added to it, and a slash at the end would double",
            next_move=f"write {base!r}",
        )
    return value


def _check_issuer(value: str) -> str:
    parts = _split_address(value)
    if parts.scheme != "https" or not _HOST_AND_PORT.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise refuse(
            f"{shown(value)!r} is no issuer",
            why="an issuer is an https address in lower case, which Entra ID compares letter by letter",
            next_move="copy `issuer` from its /.well-known/openid-configuration",
        )
    return value


def _check_redirect_uri(value: str) -> str:
    parts = _split_address(value)
    host = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not host:
        raise refuse(f"{shown(value)!r} is no web address", next_move="write it as 'https://host/path'")
    if parts.scheme == "http" and host != "localhost":
        raise refuse(
            f"{shown(value)!r} is not encrypted",
            why="the answer carries a code, and Entra ID takes http for localhost only",
            next_move="write https, or 'http://localhost/' for an answer on this machine",
        )
    if not parts.path:
        right = parts._replace(path="/").geturl()
        raise refuse(
            f"{shown(value)!r} has no slash after the host",
            why="the provider refuses it, and Entra ID answers to the address with the slash",
            next_move=f"write {shown(right)!r}",
        )
    _check_redirect_characters(value, parts)
    return value


def _check_redirect_characters(value: str, parts: SplitResult) -> None:
    if "*" in value:
        raise refuse("holds a wildcard", why="whoever gets hold of any matching host would get the answer")
    if parts.fragment or "#" in value or "@" in parts.netloc:
        raise refuse("holds a fragment or a user name", next_move="write scheme, host, port, path and query only")
    wrong = sorted(set(value) & set("!$'(),; \\<>\"{}|^`")) + sorted({each for each in value if not each.isascii()})
    if wrong:
        raise refuse(f"holds {' '.join(wrong)}", why="Entra ID takes no such character in a redirect URI")
    if parts.netloc.startswith("["):
        raise refuse("names an IPv6 address", why="Entra ID does not support it", next_move="write 'localhost'")
    if len(value) > _REDIRECT_URI_LENGTH:
        raise refuse(f"is longer than {_REDIRECT_URI_LENGTH} characters", why="Entra ID takes no longer redirect URI")


HttpsBase = Annotated[str, AfterValidator(_check_https_base), Field(json_schema_extra={"pattern": "^https://[^/?#]+$"})]
HttpsIssuer = Annotated[
    Text, AfterValidator(_check_issuer), Field(json_schema_extra={"pattern": "^https://[^/?#]+(/[^?#]*)?$"})
]
RedirectUri = Annotated[
    Text,
    AfterValidator(_check_redirect_uri),
    Field(json_schema_extra={"pattern": "^(https://[^/?#]+|http://localhost(:[0-9]+)?)/"}),
]
