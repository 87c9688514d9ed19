"""What a program or a service says when it failed, fit to be shown: it may have echoed the secret that it was given."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from steward.secret import MASK, Secret

_LONGEST_READ = 4096
_LONGEST_SHOWN = 300
# Fewer characters in a row give nothing away that could not be guessed.
_SHORTEST_TRACE = 4


def veil(text: str, secret: Secret) -> str:
    """Return `text` as one short line in which nothing of the secret stands, whole, in part, or encoded."""
    text = text[:_LONGEST_READ]
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    veiled = _mask(plain, [form for form in _forms(secret.reveal()) if form])
    return veiled if len(veiled) <= _LONGEST_SHOWN else f"{veiled[:_LONGEST_SHOWN]}..."


def _forms(value: str) -> Iterator[str]:
    data = value.encode()
    yield value
    yield value[::-1]
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
    yield quote_plus(value)
    yield data.hex()
    # Base64 of the same bytes differs with where they begin in a group of three.
    for offset in range(3):
        yield base64.b64encode(b"\0" * offset + data).decode()[4 if offset else 0 :]


def _mask(text: str, forms: list[str]) -> str:
    folded = text.lower()
    traces = {
        form.lower()[start : start + _SHORTEST_TRACE]
        for form in forms
        for start in range(max(1, len(form) - _SHORTEST_TRACE + 1))
    }
    is_covered = [False] * len(text)
    for trace in traces:
        start = folded.find(trace)
        while start >= 0:
            is_covered[start : start + len(trace)] = [True] * len(trace)
            start = folded.find(trace, start + 1)
    parts: list[str] = []
    for index, character in enumerate(text):
        if not is_covered[index]:
            parts.append(character)
        elif not parts or parts[-1] != MASK:
            parts.append(MASK)
    return "".join(parts)
