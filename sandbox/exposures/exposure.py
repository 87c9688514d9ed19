"""Which properties each kind of object shows, by default and when selected, and which may be filtered or written.

Names here are Graph's; their types and nullability come from Graph's metadata (`sandbox.schema`). What is not
listed here but known to Graph is refused as not emulated; what Graph does not know is refused as unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.errors import not_emulated
from sandbox.queries.filters import Allowed, Operators
from sandbox.queries.ordering import Sortable
from sandbox.schema import graph_schema, unknown_property

TEXT = ("eq", "in", "startsWith")
SAME = ("eq", "in")
# Kinds of relation that the directory answers for like its objects ("Advanced query capabilities on Microsoft Entra
# ID objects", learn.microsoft.com, read November 2026).
_RELATIONS = frozenset({"appRoleAssignment", "oAuth2PermissionGrant"})


@dataclass(frozen=True)
class Exposure:
    """How one kind of object is shown.

    What is named `advanced` works with the header ConsistencyLevel and `$count=true` only. In a list of the
    directory's own objects, what can be compared by `eq` can be negated as well, with the same parameters.
    """

    type_name: str
    default: tuple[str, ...]
    further: tuple[str, ...] = ()
    filterable: Operators = field(default_factory=dict)
    filterable_advanced: Operators = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    expandable: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ()
    sortable_advanced: tuple[str, ...] = ()
    searchable: tuple[str, ...] = ()

    def names(self, select: Sequence[str] | None, *, beta: bool) -> tuple[str, ...]:
        """Tell which properties an answer holds, refusing a selected one by name."""
        known = graph_schema().properties(self.type_name, beta=beta)
        if select is None:
            return tuple(name for name in self.default if name in known)
        for name in select:
            if name not in known:
                raise unknown_property(self.type_name, name)
            if name not in self.default and name not in self.further:
                raise not_emulated(f"the property '{name}' of '{self.type_name}'")
        return tuple(select)

    @property
    def is_directory(self) -> bool:
        """Say whether Entra's directory answers for these objects, which has query rules of its own."""
        return self.type_name in _RELATIONS or graph_schema().is_derived(self.type_name, "directoryObject")

    def allowed(self, *, advanced: bool, beta: bool) -> Allowed:
        """Tell what a `$filter` may ask; `advanced` says that the request has the advanced parameters."""
        return Allowed(
            self.type_name,
            self.filterable,
            self.filterable_advanced,
            is_directory=self.is_directory,
            advanced=advanced,
            beta=beta,
        )

    def orders(self, *, beta: bool) -> Sortable:
        """Tell by what these objects sort."""
        return Sortable(
            self.type_name, self.sortable, self.sortable_advanced, is_directory=self.is_directory, beta=beta
        )
