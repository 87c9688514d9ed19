"""Which properties each kind of object shows, by default and when selected, and which may be filtered or written.

Names here are Graph's; their types and nullability come from Graph's metadata (`sandbox.schema`). What is not
listed here but known to Graph is refused as not emulated; what Graph does not know is refused as unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.errors import not_emulated
from sandbox.filters import Filterable
from sandbox.schema import graph_schema, unknown_property

TEXT = ("eq", "in", "startsWith")
SAME = ("eq", "in")


@dataclass(frozen=True)
class Exposure:
    """How one kind of object is shown."""

    type_name: str
    default: tuple[str, ...]
    further: tuple[str, ...] = ()
    filterable: Filterable = field(default_factory=dict)
    writable: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    expandable: tuple[str, ...] = ()

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
