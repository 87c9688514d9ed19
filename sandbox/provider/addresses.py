"""How the real provider reads a URL: by the rules of Go's parser, which differ from Python's.

``parsed`` is asked by the checks of web addresses, redirect URIs and identifier URIs.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Beside letters and digits, and whatever is not ASCII.
_HOST = re.compile(r"""(?:[A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"]|%25|[^\x00-\x7f])*""")
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")


class Address(NamedTuple):
    """The parts of a URL that are looked at; an opaque one, such as ``urn:a:b``, has no host and no path."""

    scheme: str
    host: str
    path: str


def parsed(text: str) -> Address | None:
    """Return the parts of a URL, or nothing when the text is none."""
    rest, _, fragment = text.partition("#")
    if _CONTROL.search(rest) or _BROKEN_ESCAPE.search(fragment) or rest.startswith(":"):
        return None
    found = _SCHEME.match(rest)
    scheme = found.group(1).lower() if found else ""
    rest = rest[found.end() if found else 0 :].partition("?")[0]
    if not rest.startswith("/") and scheme:
        return Address(scheme, "", "")
    if not rest.startswith("/") and ":" in rest.partition("/")[0]:
        return None  # what stands before the colon could be taken for a scheme
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        host, rest = authority.rpartition("@")[2], slash + path
        if not (_HOST.fullmatch(host) and _PORT.fullmatch(host) and _is_bracketed_well(host)):
            return None
    return None if _BROKEN_ESCAPE.search(rest) else Address(scheme, host, rest)


def _is_bracketed_well(host: str) -> bool:
    """Tell whether what stands in brackets, if anything does, is an IPv6 address; a zone may follow it."""
    if not host.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(host[1:].partition("]")[0].partition("%")[0])
    except ValueError:
        return False
    return True
