"""Sign-ins return only to addresses that are spelled out, over HTTPS or on the same machine."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from steward.review.attributes import present_addresses
from steward.review.rule import Breach, Rule, Severity, Untold
from steward.review.subject import APPLICATION, Subject
from steward.review.values import at, is_unknown, texts
from steward.review.words import shown

_PLACES = ("public_client", "single_page_application", "web")


def judge(subject: Subject) -> Iterator[Breach | Untold]:
    """Find redirect URIs with a wildcard, and those that are neither HTTPS nor http://localhost."""
    for change in subject.remaining(APPLICATION):
        for place in _PLACES:
            path = f"{place}.redirect_uris"
            if is_unknown(change.change, path):
                yield Untold(("where sign-ins return to is known after the apply only",))
            for address in sorted(texts(at(change.change.after, path))):
                wrong = _what_is_wrong(address)
                if wrong:
                    (told,) = present_addresses(address)
                    yield Breach(("returns to ", shown(told), f", which {wrong}"), change.address)


def _what_is_wrong(address: str) -> str | None:
    if "*" in address:
        return "holds a wildcard"
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return "is no address"
    if not host or "@" in parts.netloc or "\\" in address:
        return "is no plain web address"
    if parts.scheme == "https" or (parts.scheme == "http" and host == "localhost"):
        return None
    return "is neither HTTPS nor http://localhost"


RULE = Rule(
    id="redirects_are_exact",
    title="Redirect URIs are exact, and HTTPS or http://localhost",
    severity=Severity.HIGH,
    why="The answer to a sign-in carries a code: whoever gets hold of a matching host, or listens on the way, gets it.",
    remedy="Name each address in full under application.redirect_uris of the tenant file.",
    source="https://learn.microsoft.com/entra/identity-platform/reply-url",
    judge=judge,
)
