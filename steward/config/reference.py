"""The documentation's table of keys, made from the shape of a tenant file so that the two cannot part."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo

from steward.config.document import TenantDocument
from steward.config.problem import KeyPath, key_text
from steward.config.shape import models_at

BEGIN = "<!-- generated: what stands between these marks is written by a program -->"
END = "<!-- end of what is generated -->"


def replace_generated(document: str, generated: str) -> str:
    """Return `document` with what stands between its two marks replaced."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{generated}\n{END}{tail}"


def render_table() -> str:
    """Return a Markdown table with a row for every key: path, whether it is needed, meaning, example."""
    rows = ["| key | needed | what it means | example |", "| --- | --- | --- | --- |"]
    for path, field in _fields(()):
        example = _written(field.examples[0]) if field.examples else ""
        rows.append(f"| `{key_text(path)}` | {_need(field)} | {field.description} | {example} |")
    return "\n".join(rows)


def _fields(path: KeyPath) -> Iterator[tuple[KeyPath, FieldInfo]]:
    for model in models_at(path) if path else (TenantDocument,):
        for name, field in model.model_fields.items():
            here = (*path, field.alias or name)
            yield here, field
            yield from _fields(here)


def _need(field: FieldInfo) -> str:
    if field.is_required():
        return "yes"
    default = field.get_default()
    return "no" if default in (None, ()) else f"no: {_written(default)}"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"`[{', '.join(str(each) for each in value)}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, StrEnum) else value}`"
