"""A Graph request as handlers see it, and the answers they give.

Handlers are thin: they take what the URL, query and body say, ask the directory, and show records through an
exposure. Selecting, filtering, paging and expanding happen here, for every resource alike.
"""

import base64
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.directory import service_principals
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, malformed
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.registry import BY_TYPE
from sandbox.filters import compile_filter
from sandbox.schema import graph_schema

LONGEST_PAGE = 999
_KNOWN_OPTIONS = (
    "$count",
    "$expand",
    "$filter",
    "$format",
    "$orderby",
    "$search",
    "$select",
    "$skip",
    "$skiptoken",
    "$top",
)


@dataclass(frozen=True)
class Answer:
    """An answer before it becomes HTTP."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class GraphRequest:
    """One request to Graph, authenticated and routed."""

    directory: Directory
    caller: Caller
    base_url: str
    version: str
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    eventual: bool = False  # the header ConsistencyLevel: eventual
    paged: bool = True  # Graph gives some short lists whole, whatever the page size

    @property
    def beta(self) -> bool:
        """Say whether the request goes to Graph's beta version."""
        return self.version == "beta"

    def show(self, exposure: Exposure, record: Record, *, status: int = HTTPStatus.OK) -> Answer:
        """Answer with one object."""
        names = exposure.names(self._selected(), beta=self.beta)
        shown = graph_schema().project(exposure.type_name, record, names)
        shown.update(self._expanded(exposure, record))
        return Answer(status, {"@odata.context": self._context(single=True), **shown})

    def page(self, exposure: Exposure, records: Iterable[Record]) -> Answer:
        """Answer with one page of objects of one kind."""
        names = exposure.names(self._selected(), beta=self.beta)
        project = graph_schema().project

        def show(record: Record) -> Record:
            return {**project(exposure.type_name, record, names), **self._expanded(exposure, record)}

        return self._one_page(self._filtered(exposure, records), show)

    def page_mixed(self, records: Iterable[tuple[str, Record]], *, base: str = "directoryObject") -> Answer:
        """Answer with one page of objects of several kinds, each marked with its type."""
        selected = self._selected()
        typed = [{**record, "@odata.type": f"#microsoft.graph.{kind}"} for kind, record in records]
        if selected is not None:
            self._check_mixed_selection(selected)

        def show(record: Record) -> Record:
            kind = str(record["@odata.type"]).removeprefix("#microsoft.graph.")
            exposure = BY_TYPE[kind]
            known = graph_schema().properties(kind, beta=self.beta)
            wanted = None if selected is None else [name for name in selected if name in known]
            return graph_schema().project(kind, record, exposure.names(wanted, beta=self.beta))

        return self._one_page(self._filtered(Exposure(base, (), filterable={"id": ("eq", "in")}), typed), show)

    def show_mixed(self, kind: str, record: Record) -> Answer:
        """Answer with one object of a kind that the path does not tell."""
        selected = self._selected()
        exposure = BY_TYPE[kind]
        shown = graph_schema().project(kind, record, exposure.names(selected, beta=self.beta))
        marks = {"@odata.context": self._context(single=True), "@odata.type": f"#microsoft.graph.{kind}"}
        return Answer(HTTPStatus.OK, {**marks, **shown})

    def objects(self, ids: Iterable[str]) -> Iterable[tuple[str, Record]]:
        """Look up live directory objects for a list of mixed kinds."""
        for each in ids:
            found = self.directory.find_object(each)
            if found is not None:
                kind, record = found
                mirrored = kind == "servicePrincipal"
                yield kind, service_principals.render(self.directory, record) if mirrored else record

    def authentication_methods(self, records: Iterable[Record]) -> Iterable[tuple[str, Record]]:
        """Tell the kinds of authentication methods for a list of mixed kinds."""
        return ((str(each["@odata.type"]).removeprefix("#microsoft.graph."), each) for each in records)

    def _selected(self) -> list[str] | None:
        text = self.query.get("$select")
        return None if text is None else [each.strip() for each in text.split(",") if each.strip()]

    def _check_mixed_selection(self, selected: Sequence[str]) -> None:
        known = {name for each in BY_TYPE for name in graph_schema().properties(each, beta=self.beta)}
        for name in selected:
            if name not in known:
                raise malformed(f"Could not find a property named '{name}' on type 'microsoft.graph.directoryObject'.")

    def _filtered(self, exposure: Exposure, records: Iterable[Record]) -> Sequence[Record]:
        text = self.query.get("$filter")
        if text is None:
            return list(records)
        keep = compile_filter(text, exposure.filterable, exposure.type_name)
        return [each for each in records if keep(each)]

    def _expanded(self, exposure: Exposure, record: Record) -> Record:
        text = self.query.get("$expand")
        shown: Record = {}
        for name in text.split(",") if text else []:
            if name not in exposure.expandable:
                raise malformed(
                    f"Could not find a property named '{name}' to expand on 'microsoft.graph.{exposure.type_name}'."
                )
            shown[name] = _EXPANSIONS[name](self, record)
        return shown

    def _one_page(self, records: Sequence[Record], show: Callable[[Record], Record]) -> Answer:
        size = self._page_size()
        start = _read_skip_token(self.query.get("$skiptoken"))
        body: dict[str, Any] = {"@odata.context": self._context(single=False)}
        if self.query.get("$count") == "true" and self.eventual and start == 0:
            body["@odata.count"] = len(records)
        if start + size < len(records):
            query = {**self.query, "$skiptoken": _skip_token(start + size)}
            body["@odata.nextLink"] = f"{self.base_url}/{self.version}/{self.path}?{urlencode(query)}"
        body["value"] = [show(each) for each in records[start : start + size]]
        return Answer(HTTPStatus.OK, body)

    def _page_size(self) -> int:
        if not self.paged:
            return sys.maxsize
        text = self.query.get("$top")
        if text is None:
            return self.directory.page_size
        if not text.isdigit() or not 1 <= int(text) <= LONGEST_PAGE:
            raise bad_request(
                f"Invalid page size specified: '{text}'. Must be between 1 and {LONGEST_PAGE} inclusive.",
                code="Request_UnsupportedQuery",
            )
        return int(text)

    def _context(self, *, single: bool) -> str:
        collection = self.path.split("/")[0] if single else self.path
        return f"{self.base_url}/{self.version}/$metadata#{collection}" + ("/$entity" if single else "")


def read_query(text: str, allowed: Collection[str]) -> dict[str, str]:
    """Read a query string, refusing by name every option that this request does not take."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in options:
            raise malformed(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        if name not in allowed:
            known = "is not supported by this request" if name in _KNOWN_OPTIONS else "is not a known query option"
            raise malformed(f"The query parameter '{name}' {known}.")
        options[name] = value
    return options


def _skip_token(position: int) -> str:
    return base64.urlsafe_b64encode(f"position={position}".encode()).decode()


def _read_skip_token(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("position="))
    except ValueError as fault:
        raise malformed("The specified $skiptoken value is not valid.") from fault


def _expand_role_definition(request: GraphRequest, record: Record) -> Record:
    definition = request.directory.role_definitions[record["roleDefinitionId"]]
    return dict(graph_schema().project("unifiedRoleDefinition", definition, definition))


def _expand_principal(request: GraphRequest, record: Record) -> Record:
    (kind, principal), *_ = request.objects([record["principalId"]])
    shown = graph_schema().project(kind, principal, BY_TYPE[kind].names(None, beta=request.beta))
    return {"@odata.type": f"#microsoft.graph.{kind}", **shown}


_EXPANSIONS: Mapping[str, Callable[[GraphRequest, Record], Record]] = {
    "principal": _expand_principal,
    "roleDefinition": _expand_role_definition,
}
