"""Finds objects by the value of a property without looking at each of them.

A table of a property is made at the first question and holds while nothing changes: whoever is about to ask without
changing anything says so with `steady`, and whoever may have changed something calls `forget`. Outside `steady` every
object is looked at, so that no answer is ever older than the directory.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Record = dict[str, Any]
Render = Callable[[Record], Record]
_Table = dict[str, list[Record]]


class Lookups:
    """The tables of one directory; they are made from it and are no part of its state."""

    def __init__(self) -> None:
        self._is_steady = False
        # By collection, property and whether it is the shown one; the collection is kept so that its identity stays.
        self._tables: dict[tuple[int, str, bool], tuple[Mapping[str, Record], int, _Table]] = {}

    @contextlib.contextmanager
    def steady(self) -> Iterator[None]:
        """Promise that nothing changes until this ends; tables made before are believed."""
        before, self._is_steady = self._is_steady, True
        try:
            yield
        finally:
            self._is_steady = before

    def forget(self) -> None:
        """Drop what was learnt, because something may have changed."""
        self._tables.clear()

    def find(
        self, records: Mapping[str, Record], name: str, values: Iterable[str], render: Render | None = None
    ) -> list[Record]:
        """List the records whose property is one of several texts, in any letter case and in their own order.

        With `render` it is the property as it is shown that counts; the records themselves come back.
        """
        wanted = {each.lower() for each in values}
        if not self._is_steady:
            return [each for each in records.values() if _value(each, name, render) in wanted]
        table = self._table(records, name, render)
        found = [each for value in wanted for each in table.get(value, [])]
        if len(wanted) == 1:
            return found
        chosen = {id(each) for each in found}
        return [each for each in records.values() if id(each) in chosen]

    def _table(self, records: Mapping[str, Record], name: str, render: Render | None) -> _Table:
        key = (id(records), name, render is None)
        kept = self._tables.get(key)
        # The number of objects tells of one that went or came by the mere passing of time.
        if kept is not None and kept[1] == len(records):
            return kept[2]
        table: _Table = {}
        for each in records.values():
            value = _value(each, name, render)
            if value is not None:
                table.setdefault(value, []).append(each)
        self._tables[key] = (records, len(records), table)
        return table


def _value(record: Record, name: str, render: Render | None) -> str | None:
    value = record.get(name) if render is None else render(record).get(name)
    return value.lower() if isinstance(value, str) else None
