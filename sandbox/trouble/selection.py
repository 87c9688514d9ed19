"""Which requests a fault or a lag rule is about.

A request is known by its method, its path and its row in the table of routes; requests to sign in have rows too, in
which `{tenant}` stands for whatever the authority's path names.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Target:
    """A request, as far as trouble looks at it; `route` is empty where the table has no row."""

    method: str
    path: str
    route: str


def is_about(pattern: str, route: str) -> bool:
    """Say whether a row's name, or a pattern such as `GET /users*`, is about a row of the table."""
    return pattern == route or ("*" in pattern and fnmatchcase(route, _literal(pattern)))


def require_known(pattern: str, routes: Iterable[str]) -> None:
    """Refuse with ValueError a pattern that is about no row, naming rows of the same beginning."""
    known = sorted(set(routes))
    if any(is_about(pattern, each) for each in known):
        return
    method, _, path = pattern.partition(" ")
    start = "/".join(path.split("/")[:2])
    near = [each for each in known if each.startswith(f"{method} {start}")] or [
        each for each in known if each.partition(" ")[2].startswith(start)
    ]
    listed = ", ".join(near or known)
    raise ValueError(f"no row of the table of routes is called {pattern!r}; there are {listed}")


def _literal(pattern: str) -> str:
    # Of fnmatch's signs only the star is one here: rows are full of braces and dollar signs, and have no brackets.
    return pattern.replace("[", "[[]").replace("?", "[?]")
