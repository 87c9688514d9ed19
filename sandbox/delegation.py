"""What a signed-in user must be allowed for an application to act for them, beside the application's permission.

Read from data/delegated-roles.csv: for a method (`write` stands for all that are not GET) and a path (`*` at its end
for all below) the directory roles of which one is needed, in the notation of permissions. Global Administrator is
never listed and always suffices. Guests without a role read themselves alone, which is less than Entra lets them.
"""

import csv
import functools
from collections.abc import Mapping
from pathlib import Path

from sandbox.permissions import Requirement, generic, parse

_FILE = Path(__file__).with_name("data") / "delegated-roles.csv"


def roles_for(method: str, template: str) -> Requirement | None:
    """Find the directory roles for a request, the most specific row first; none where no row speaks of it."""
    path = generic(template)
    methods = (method, "any") if method == "GET" else (method, "write", "any")
    for pattern in _patterns(path):
        for each in methods:
            if (each, pattern) in _rows():
                return _rows()[each, pattern]
    return None


def _patterns(path: str) -> list[str]:
    segments = path.strip("/").split("/")
    return [path, *("/".join(["", *segments[:count], "*"]) for count in range(len(segments), 0, -1))]


@functools.cache
def _rows() -> Mapping[tuple[str, str], Requirement]:
    with _FILE.open(newline="", encoding="utf-8") as lines:
        return {(row["method"], generic(row["path"])): parse(row["any_of"]) for row in csv.DictReader(lines)}
