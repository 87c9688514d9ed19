"""The table of everything that the sandbox answers, as Markdown for the documentation.

Made from the routes themselves, so that it says what is registered and nothing else.
"""

from itertools import groupby

from sandbox.permissions import Requirement, Requirements
from sandbox.resources import ROUTES
from sandbox.routing import Route

_HEAD = (
    "request",
    "versions",
    "query options",
    "body",
    "application permission",
    "delegated permission, and the user's role",
    "statuses",
    "witness",
    "left out",
)


def render_table() -> str:
    """Return one table for every kind of resource, in the order of the registry."""
    lines: list[str] = []
    for resource, routes in groupby(ROUTES, key=_resource):
        lines += [f"### `/{resource}`", "", _row(_HEAD), _row(["---"] * len(_HEAD))]
        lines += [_row(_cells(route)) for route in routes]
        lines.append("")
    return "\n".join(lines).rstrip()


def _resource(route: Route) -> str:
    first, _, rest = route.template.strip("/").partition("/")
    # These three are folders of resources of their own.
    shared = first in {"directory", "identity", "policies", "reports", "roleManagement"}
    return f"{first}/{rest.split('/')[0]}" if shared and rest else first


def _cells(route: Route) -> list[str]:
    requirements = route.requirements()
    return [
        f"`{route.method} {route.template}`",
        ", ".join(route.versions),
        " ".join(f"`{option}`" for option in sorted(route.query)),
        " ".join(f"`{name}`" for name in route.accepts.names()),
        _alternatives(requirements.application),
        _delegated(requirements),
        f"{route.success():d}; " + ", ".join(map(str, route.refusals())),
        route.witness,
        route.gaps,
    ]


def _delegated(requirements: Requirements) -> str:
    if not requirements.delegated.alternatives:
        return "not served"
    return f"{_alternatives(requirements.delegated)}<br>and {_alternatives(requirements.roles, between=' or ')}"


def _alternatives(requirement: Requirement, *, between: str = "<br>") -> str:
    alternatives = [each.strip() for each in requirement.text.split(";") if each.strip()]
    return between.join(f"`{each}`" for each in alternatives) or "not served"


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
