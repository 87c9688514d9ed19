"""Routes of the emulated Graph and how a path finds its route.

A route says which requests it answers and what they need; the router refuses what no route answers, naming
the segment or the method, with Graph's words.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from sandbox.bodies import NOTHING, REFERENCE, Accepted, Creates
from sandbox.delegation import roles_for
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError, malformed, not_emulated, not_found
from sandbox.permissions import Requirement, Requirements, Scheme, Service, as_delegated, documented, parse
from sandbox.queries.options import decode
from sandbox.queries.paging import LONGEST_PAGE
from sandbox.requests import Answer, GraphRequest
from sandbox.schema import graph_schema

Handler = Callable[[GraphRequest], Answer]

V1 = ("v1.0",)
BETA = ("beta",)
BOTH = ("v1.0", "beta")
NO_OPTIONS: frozenset[str] = frozenset()
ONE = frozenset({"$select", "$expand"})
MANY = frozenset({"$select", "$expand", "$filter", "$search", "$orderby", "$top", "$count", "$skiptoken"})
COUNT = frozenset({"$filter", "$search"})
_ALTERNATE_KEY = re.compile(r"(?P<collection>\w+)\((?:(?P<name>\w+)=)?'(?P<value>(?:[^']|'')*)'\)")
# Functions with a parameter, which look like alternate keys in an address.
_FUNCTIONS = frozenset({"filterByCurrentUser"})
# What Graph does, and nothing here, at addresses that are served for other methods; what has a row of permissions is
# known from there.
_LEFT_OUT = frozenset(
    {
        ("POST", "/roleManagement/directory/roleDefinitions"),
        ("PATCH", "/roleManagement/directory/roleDefinitions/{id}"),
        ("DELETE", "/roleManagement/directory/roleDefinitions/{id}"),
        ("POST", "/domains"),
        ("PATCH", "/domains/{id}"),
        ("DELETE", "/domains/{id}"),
        ("PATCH", "/organization/{id}"),
    }
)


@dataclass(frozen=True)
class Route:
    """One request that the sandbox answers.

    `accepts` declares the body, `status` a success that is not the usual one, and `conflicts` the refusals beyond
    those that follow from the rest; `needs` is given where no documented row of permissions exists, with `needs_also`
    for what some objects take besides, and `needs_delegated` where an application that acts for a user needs something
    else ("" where Graph does not serve it); `witness` names the unmodified clients that send the request, and `gaps`
    says what of Graph's behaviour is left out.
    """

    method: str
    template: str
    handler: Handler
    versions: tuple[str, ...] = V1
    query: frozenset[str] = NO_OPTIONS
    accepts: Accepted = NOTHING
    status: int | None = None
    conflicts: tuple[int, ...] = ()
    needs: str | None = None
    needs_also: str = ""
    needs_delegated: str | None = None
    service: Service = Service.DIRECTORY
    longest_page: int = LONGEST_PAGE
    witness: str = ""
    gaps: str = ""

    @property
    def counts(self) -> bool:
        """Say whether only the number of objects is asked for."""
        return self.template.endswith("/$count")

    @property
    def key(self) -> str:
        """Tell the row's name, such as `GET /users/{id}`."""
        return f"{self.method} {self.template}"

    def success(self) -> int:
        """Tell the status of a request that is done: 201 for what is created, 204 where nothing comes back."""
        if self.status is not None:
            return self.status
        if isinstance(self.accepts, Creates):
            return HTTPStatus.CREATED
        silent = self.method in {"PATCH", "PUT", "DELETE"} or self.accepts is REFERENCE
        return HTTPStatus.NO_CONTENT if silent else HTTPStatus.OK

    def refusals(self) -> tuple[int, ...]:
        """List the statuses with which this request may be refused, faults and throttling aside."""
        found = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_IMPLEMENTED}
        if "{" in self.template or self.accepts.names():
            found.add(HTTPStatus.NOT_FOUND)
        return tuple(sorted({*map(int, found), *self.conflicts}))

    def requirement(self) -> Requirement:
        """Tell the permissions an application by itself needs; ValueError when neither documented nor declared."""
        if self.needs is not None:
            return parse(self.needs, also=self.needs_also)
        found = documented(self.method, self.template)
        if found is None:
            raise ValueError(f"{self.method} {self.template}: no permissions documented and none declared")
        return found

    def requirements(self) -> Requirements:
        """Tell what this request needs of an application by itself, of one that acts for a user, and of that user.

        Where no page names directory roles for it, only a Global Administrator may do it through an application.
        """
        if self.needs_delegated is not None:
            delegated: Requirement | None = parse(self.needs_delegated)
        else:
            delegated = documented(self.method, self.template, Scheme.DELEGATED) if self.needs is None else None
        own = self.requirement()
        roles = roles_for(self.method, self.template) or parse("Global Administrator")
        return Requirements(own, delegated or as_delegated(own), roles)


def counting(listing: Route, options: frozenset[str], *, witness: str) -> Route:
    """Declare the request for the number of objects beside the one that lists them."""
    template = f"{listing.template}/$count"
    return dataclasses.replace(listing, template=template, query=options, witness=witness, gaps="")


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: str = ""
    routes: dict[str, tuple[Route, Requirements]] = field(default_factory=dict)


@dataclass(frozen=True)
class _AlternateKey:
    """A key that stands in an address in place of an id."""

    find: Callable[[Directory, str], Record | None]
    value: str

    def __str__(self) -> str:
        return self.value

    def resolve(self, directory: Directory) -> str:
        """Tell the id of the object, or refuse with 404."""
        found = self.find(directory, self.value)
        if found is None:
            raise not_found(self.value)
        return str(found["id"])


_KEYS: Mapping[tuple[str, str], Callable[[Directory, str], Record | None]] = {
    ("applications", "appId"): Directory.find_application,
    ("directoryRoles", "roleTemplateId"): Directory.find_directory_role,
    ("servicePrincipals", "appId"): Directory.find_service_principal,
    ("users", "userPrincipalName"): Directory.find_user,
}


@dataclass(frozen=True)
class Match:
    """A route with the values of its placeholders."""

    route: Route
    requirements: Requirements
    params: Mapping[str, str]


class Router:
    """Finds the route of a request by version, path and method."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._roots: dict[str, _Node] = {version: _Node() for version in BOTH}
        for route in routes:
            requirements = route.requirements()
            for version in route.versions:
                self._add(self._roots[version], route, requirements)

    def match(self, version: str, method: str, path: str, directory: Directory) -> Match:
        """Find the route of a request, or refuse naming what is not known."""
        route, requirements, keys = self._find(version, method, path)
        params = {name: key if isinstance(key, str) else key.resolve(directory) for name, key in keys.items()}
        return Match(route, requirements, params)

    def row_of(self, version: str, method: str, path: str) -> str:
        """Tell the row that a request is for, whether or not its objects exist; empty where there is none."""
        try:
            return self._find(version, method, path)[0].key
        except GraphError:
            return ""

    def _find(
        self, version: str, method: str, path: str
    ) -> tuple[Route, Requirements, Mapping[str, "str | _AlternateKey"]]:
        node = self._roots[version]
        keys: dict[str, str | _AlternateKey] = {}
        for segment in _segments(path):
            if isinstance(segment, str) and segment in node.children:
                node = node.children[segment]
            elif node.parameter and _may_be_key(segment):
                keys[node.parameter] = segment
                node = node.children["{}"]
            else:
                raise _unknown_segment(str(segment))
        if not node.routes:
            raise _unknown_segment(path.rsplit("/", maxsplit=1)[-1])
        if method not in node.routes:
            template = next(iter(node.routes.values()))[0].template
            if (method, template) in _LEFT_OUT or documented(method, template, Scheme.APPLICATION):
                raise not_emulated(f"the request '{method} {template}'")
            message = f"Specified HTTP method '{method}' is not allowed for the request target."
            allow = {"Allow": ", ".join(sorted(node.routes))}
            raise GraphError(HTTPStatus.METHOD_NOT_ALLOWED, "Request_BadRequest", message, headers=allow)
        return *node.routes[method], keys

    def routes(self) -> Iterator[tuple[str, Route]]:
        """List what is registered, as pairs of version and route."""
        for version, root in self._roots.items():
            pending = [root]
            while pending:
                node = pending.pop()
                pending.extend(node.children.values())
                for route, _ in node.routes.values():
                    yield version, route

    @staticmethod
    def _add(node: _Node, route: Route, requirements: Requirements) -> None:
        for segment in route.template.strip("/").split("/"):
            if segment.startswith("{"):
                name = segment.strip("{}")
                if node.parameter not in {"", name}:
                    raise ValueError(f"{route.template}: '{name}' is called '{node.parameter}' by another route")
                node.parameter = name
                node = node.children.setdefault("{}", _Node())
            else:
                node = node.children.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.template} is declared twice")
        node.routes[route.method] = (route, requirements)


def _segments(path: str) -> Iterable[str | _AlternateKey]:
    for encoded in path.split("/"):
        segment = decode(encoded)
        alternate = _ALTERNATE_KEY.fullmatch(segment)
        if alternate is not None and alternate["collection"] in _FUNCTIONS:
            yield segment
        elif alternate is None:
            # "graph" is the alias that Graph's metadata declares for its own namespace; the SDKs write casts with it.
            # A function without parameters is called with and without its parentheses.
            yield f"microsoft.{segment}" if segment.startswith("graph.") else segment.removesuffix("()")
        else:
            yield alternate["collection"]
            yield _key(alternate)


def _key(alternate: re.Match[str]) -> str | _AlternateKey:
    collection, name, value = alternate["collection"], alternate["name"], alternate["value"].replace("''", "'")
    if name is None:
        return value
    if (collection, name) not in _KEYS:
        raise malformed(f"'{name}' is not a key of '{collection}'.")
    return _AlternateKey(_KEYS[collection, name], value)


def _may_be_key(segment: str | _AlternateKey) -> bool:
    return not isinstance(segment, str) or not (segment.startswith("$") or _is_function(segment))


def _is_function(segment: str) -> bool:
    return segment.partition("(")[0] in _FUNCTIONS


def _unknown_segment(segment: str) -> GraphError:
    if segment in graph_schema().segments or _is_function(segment):
        return not_emulated(f"the segment '{segment}' here")
    return malformed(f"Resource not found for the segment '{segment}'.")
