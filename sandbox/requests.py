"""A Graph request as handlers see it, and the answers they give.

Handlers are thin: they take what the URL, query and body say, ask the directory, and show records through an
exposure. Selecting, filtering, searching, sorting, counting, paging and expanding happen here, for every resource
alike.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from sandbox import expansions
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, malformed
from sandbox.exposures.exposure import Exposure
from sandbox.exposures.registry import BY_TYPE
from sandbox.queries.filters import compile_filter
from sandbox.queries.options import Expanded, read_expansion, read_selection
from sandbox.queries.ordering import ordered, read_order
from sandbox.queries.paging import LONGEST_PAGE, cut_page, page_size
from sandbox.queries.searching import compile_search
from sandbox.schema import graph_schema
from sandbox.visibility import limited, require_visible

Records = Mapping[str, Record] | Iterable[Record]
Render = Callable[[Record], Record]


@dataclass(frozen=True)
class Answer:
    """An answer before it becomes HTTP; `text` is the body of the few that are no JSON.

    `deleted` is for the journal: the id of what was deleted where the request's path does not name it.
    """

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    deleted: str | None = None


@dataclass(frozen=True)
class Item:
    """One request inside a batch, below the batch's version; header names are in small letters."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = None


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
    content: tuple[str, bytes] = ("", b"")  # media type and bytes, where the body is no JSON
    eventual: bool = False  # the header ConsistencyLevel: eventual
    paged: bool = True  # Graph gives some short lists whole, whatever the page size
    longest_page: int = LONGEST_PAGE
    counts: bool = False  # the path ends in /$count: only the number of objects is asked for
    perform: Callable[[Item], Answer] | None = None  # answers a request inside a batch

    @property
    def beta(self) -> bool:
        """Say whether the request goes to Graph's beta version."""
        return self.version == "beta"

    @property
    def advanced(self) -> bool:
        """Say whether the request has the parameters that the directory's advanced queries need."""
        return self.eventual and (self.counts or self.query.get("$count") == "true")

    def show(self, exposure: Exposure, record: Record, *, status: int = HTTPStatus.OK) -> Answer:
        """Answer with one object."""
        show = self._projection(exposure)
        return Answer(status, {"@odata.context": self._context(single=True), **show(record)})

    def page(self, exposure: Exposure, records: Records, *, render: Render | None = None) -> Answer:
        """Answer with one page of objects of one kind.

        A collection of the directory, by id, may be given whole, so that objects can be looked up. `render` adds to a
        record what it does not hold itself; only what is shown, or needed to choose it, is rendered.
        """
        show = self._projection(exposure)
        found = self._chosen(exposure, records, render)
        return self._one_page(found, show if render is None else lambda record: show(render(record)))

    def page_mixed(self, records: Iterable[tuple[str, Record]], *, base: str = "directoryObject") -> Answer:
        """Answer with one page of objects of several kinds, each marked with its type."""
        selected = self._selected()
        if selected is not None:
            self._check_mixed_selection(selected)
        typed = [{**record, "@odata.type": f"#microsoft.graph.{kind}"} for kind, record in records]
        exposure = BY_TYPE.get(base) or Exposure(base, (), filterable={"id": ("eq", "in")})
        self._expanded(exposure)

        def show(record: Record) -> Record:
            kind = str(record["@odata.type"]).removeprefix("#microsoft.graph.")
            known = graph_schema().properties(kind, beta=self.beta)
            wanted = None if selected is None else [name for name in selected if name in known]
            shown = graph_schema().project(kind, record, BY_TYPE[kind].names(wanted, beta=self.beta))
            return self._limited(kind, record, shown)

        return self._one_page(self._chosen(exposure, typed, None), show)

    def show_mixed(self, kind: str, record: Record) -> Answer:
        """Answer with one object of a kind that the path does not tell."""
        show = self._projection(BY_TYPE[kind])
        marks = {"@odata.context": self._context(single=True), "@odata.type": f"#microsoft.graph.{kind}"}
        return Answer(HTTPStatus.OK, {**marks, **show(record)})

    def objects(self, ids: Iterable[str]) -> Iterable[tuple[str, Record]]:
        """Look up live directory objects for a list of mixed kinds."""
        return expansions.objects(self.directory, list(ids))

    def authentication_methods(self, records: Iterable[Record]) -> Iterable[tuple[str, Record]]:
        """Tell the kinds of authentication methods for a list of mixed kinds."""
        return ((str(each["@odata.type"]).removeprefix("#microsoft.graph."), each) for each in records)

    def _selected(self) -> Sequence[str] | None:
        return read_selection(self.query.get("$select"))

    def _projection(self, exposure: Exposure) -> Render:
        """Make what shows a record as this request wants it, refusing by name what cannot be shown."""
        names = exposure.names(self._selected(), beta=self.beta)
        wanted = self._expanded(exposure)

        def show(record: Record) -> Record:
            projected = graph_schema().project(exposure.type_name, record, names)
            shown = self._limited(exposure.type_name, record, projected)
            if wanted:
                shown.update(
                    expansions.expand(self.directory, exposure, record, wanted, beta=self.beta, limit=self._limited)
                )
            return shown

        return show

    def _limited(self, kind: str, record: Record, shown: Record) -> Record:
        # Whoever writes an object is shown what came of it.
        return limited(self.caller, kind, record, shown) if self.method == "GET" else shown

    def _expanded(self, exposure: Exposure) -> Sequence[Expanded]:
        wanted = read_expansion(self.query.get("$expand"))
        expansions.require_expandable(exposure, wanted, beta=self.beta)
        if wanted and exposure.is_directory and self.advanced:
            # "Advanced query capabilities on Microsoft Entra ID objects", learn.microsoft.com, read November 2026.
            raise bad_request("$expand is not supported with advanced queries.", code="Request_UnsupportedQuery")
        return wanted

    def _check_mixed_selection(self, selected: Sequence[str]) -> None:
        known = {name for each in BY_TYPE for name in graph_schema().properties(each, beta=self.beta)}
        for name in selected:
            if name not in known:
                raise malformed(f"Could not find a property named '{name}' on type 'microsoft.graph.directoryObject'.")

    def _chosen(self, exposure: Exposure, records: Records, render: Render | None) -> Sequence[Record]:
        """Filter, search and sort; what is not asked for costs nothing."""
        found: Iterable[Record] = records.values() if isinstance(records, Mapping) else records
        filtering, searching = self.query.get("$filter"), self.query.get("$search")
        as_shown = render or (lambda record: record)
        require_visible(self.caller, exposure.type_name, self.query)
        if filtering is not None:
            wanted = compile_filter(filtering, exposure.allowed(advanced=self.advanced, beta=self.beta))
            if wanted.keys is not None and isinstance(records, Mapping):
                name, values = wanted.keys
                found = self.directory.lookups.find(records, name, values, render)
            found = [each for each in found if wanted.holds(as_shown(each))]
        if searching is not None:
            matches = compile_search(
                searching, exposure.type_name, exposure.searchable, eventual=self.eventual, beta=self.beta
            )
            found = [each for each in found if matches(as_shown(each))]
        return self._sorted(exposure, list(found), as_shown)

    def _sorted(self, exposure: Exposure, records: list[Record], as_shown: Render) -> Sequence[Record]:
        text = self.query.get("$orderby")
        if text is None:
            return records
        orders = read_order(
            text,
            exposure.orders(beta=self.beta),
            advanced=self.advanced,
            filtered="$filter" in self.query or "$search" in self.query,
        )
        return ordered(records, orders, as_shown)

    def _one_page(self, records: Sequence[Record], show: Render) -> Answer:
        if self.counts:
            return self._count(len(records))
        size = page_size(self.query.get("$top"), self.directory.page_size, self.longest_page)
        page = cut_page(records, size if self.paged else sys.maxsize, self.query.get("$skiptoken"), self._shape())
        body: dict[str, Any] = {"@odata.context": self._context(single=False)}
        # Without the header the option is ignored in silence (same page as above); later pages do not repeat it.
        if self.advanced and page.is_first:
            body["@odata.count"] = len(records)
        if page.token is not None:
            query = urlencode({**self.query, "$skiptoken": page.token}, quote_via=quote, safe="$")
            body["@odata.nextLink"] = f"{self.base_url}/{self.version}/{self.path}?{query}"
        body["value"] = [show(each) for each in page.records]
        return Answer(HTTPStatus.OK, body)

    def _count(self, number: int) -> Answer:
        if not self.eventual:
            raise bad_request("$count is not currently supported.")
        return Answer(HTTPStatus.OK, headers={"Content-Type": "text/plain"}, text=str(number))

    def _shape(self) -> str:
        """Tell what a page token is bound to: all that shapes the list, but not how much of it is shown."""
        shaping = {name: value for name, value in self.query.items() if name not in {"$skiptoken", "$top"}}
        return f"{self.version}/{self.path}?{urlencode(sorted(shaping.items()))}"

    def _context(self, *, single: bool) -> str:
        collection = self.path.split("/")[0] if single else self.path
        selected = self._selected()
        chosen = f"({','.join(selected)})" if selected else ""
        return f"{self.base_url}/{self.version}/$metadata#{collection}{chosen}" + ("/$entity" if single else "")
