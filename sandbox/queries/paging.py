"""Pages of a list: which records one holds, and the token with which the next one is asked for.

A token names the last object shown and the first one to come, so that what is made or deleted in between neither
skips nor repeats anything. It is bound to the request that it continues.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.errors import GraphError, malformed

LONGEST_PAGE = 999
Record = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """A part of a list; `token` asks for the next one, and `is_first` says that none came before."""

    records: Sequence[Record]
    token: str | None
    is_first: bool


def cut_page(records: Sequence[Record], size: int, token: str | None, request: str) -> Page:
    """Cut the page that a token asks for out of a list; `request` is the text of all that shapes the list.

    A token of another request or a made-up one is refused; one whose two objects are both gone has expired.
    """
    start = 0 if token is None else _position(records, _read(token, request))
    end = start + size
    following = None if end >= len(records) else _write(records, end, request)
    return Page(records[start:end], following, token is None)


def page_size(text: str | None, default: int, longest: int = LONGEST_PAGE) -> int:
    """Read `$top`, or refuse a size that Graph does not give."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > len("9999") or not 1 <= int(text) <= longest:
        raise GraphError(
            HTTPStatus.BAD_REQUEST,
            "Request_UnsupportedQuery",
            f"Invalid page size specified: '{text}'. Must be between 1 and {longest} inclusive.",
        )
    return int(text)


def _write(records: Sequence[Record], end: int, request: str) -> str:
    content = json.dumps([_identity(records, end - 1), _identity(records, end), _digest(request)])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read(token: str, request: str) -> tuple[str, str]:
    wrong = malformed("The specified $skiptoken value is not valid for this request.")
    try:
        content = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as fault:
        raise wrong from fault
    if not isinstance(content, list) or not all(isinstance(each, str) for each in content):
        raise wrong
    if len(content) != len(("last", "next", "request")) or content[2] != _digest(request):
        raise wrong
    return content[0], content[1]


def _position(records: Sequence[Record], named: tuple[str, str]) -> int:
    last, following = named
    found = {_identity(records, index): index for index in range(len(records))}
    if following in found:
        return found[following]
    if last in found:
        return found[last] + 1
    message = "The specified page token value has expired and can no longer be included in your request."
    raise GraphError(HTTPStatus.BAD_REQUEST, "Directory_ExpiredPageToken", message)


def _identity(records: Sequence[Record], index: int) -> str:
    # A few answers hold values without an id; those lists do not change while they are read.
    return str(records[index].get("id") or f"#{index}")


def _digest(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()[:16]
