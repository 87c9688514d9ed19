"""The tables in `data/`, row by row; the modules beside this one give the rows their meaning."""

import csv
from collections.abc import Iterator
from importlib.resources import files


def read_table(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of `data/<name>.csv` as mappings from column to text."""
    table = files("steward.wellknown").joinpath("data", f"{name}.csv")
    yield from csv.DictReader(table.read_text(encoding="utf-8").splitlines())
