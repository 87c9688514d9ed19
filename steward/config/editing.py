"""Changes single values of a tenant file where it lies: every other byte stays, comments and order as they are.

An edit is tried on a draft beside the file and takes its place only if the draft reads back as the tenant that is
wanted, so that a layout that cannot be edited safely is left alone and whoever asked says what to write by hand.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.problem import KeyPath, TenantFileError
from steward.config.source import compose, read_text

_BYTE_ORDER_MARK = "\ufeff"
_STEP = 2
_QUOTES = ("'", '"')
_REST_IN_BRACES = re.compile(r"[ \t]*(?P<comma>,?)[ \t]*(?:#[^\r\n]*)?")

ByHand = Callable[[str], Exception]


def write_values(path: Path, values: Mapping[KeyPath, str], wanted: Tenant, by_hand: ByHand) -> None:
    """Set the plain scalars so that the file reads as `wanted`, keeping its mode and a link to it.

    Raises what `by_hand` makes of the reason where the file cannot be written or edited safely.
    """
    text = read_text(path)
    target = path.resolve()
    try:
        for edited in _edit_all(path, text, list(values.items())):
            descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            draft = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(edited.encode())
                    file.flush()
                    os.fsync(file.fileno())
                if _reads_as(draft, wanted):
                    shutil.copymode(target, draft)
                    draft.replace(target)
                    return
            finally:
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise by_hand(error.strerror or str(error)) from error
    section = "account's" if all(key[0] == "account" for key in values) else "file's"
    raise by_hand(f"the {section} keys are laid out in a way that cannot be edited safely")


def _reads_as(draft: Path, wanted: Tenant) -> bool:
    with suppress(TenantFileError):
        return load_tenant(draft) == wanted.model_copy(update={"file": draft})
    return False


def _edit_all(path: Path, text: str, values: list[tuple[KeyPath, str]]) -> Iterator[str]:
    """Yield the text with all values set, in every way that there is to set each of them."""
    if not values:
        yield text
        return
    (key, value), *rest = values
    for edited in _edit(path, text, key, value):
        with suppress(TenantFileError):  # what is no YAML any more is no way to go on from
            yield from _edit_all(path, edited, rest)


def _edit(path: Path, text: str, key: KeyPath, value: str) -> Iterator[str]:
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    body = text.removeprefix(mark)
    node: Node = compose(path, body)
    left = list(key)
    while left and isinstance(node, MappingNode):
        inner = next((each for name, each in node.value if name.value == left[0]), None)
        if inner is None:
            break
        node, _ = inner, left.pop(0)
    if not left and isinstance(node, ScalarNode):
        quote = node.style if node.style in _QUOTES else ""
        yield f"{mark}{body[: node.start_mark.index]}{quote}{value}{quote}{body[node.end_mark.index :]}"
    elif left and isinstance(node, MappingNode) and (node.value or node.flow_style):
        added = _added_in_braces if node.flow_style else _added
        for edited in added(body, node, [str(each) for each in left], value):
            yield f"{mark}{edited}"


def _added_in_braces(body: str, mapping: MappingNode, names: list[str], value: str) -> Iterator[str]:
    """Yield the text with a key added to a mapping in braces, written as its other keys are."""
    if not mapping.value:
        line = f"{': {'.join(names)}: {value}{'}' * (len(names) - 1)}"
        end = mapping.end_mark.index - 1
        yield f"{body[:end]}{line}{body[end:]}"
        return
    first, last = (mapping.value[place][0] for place in (0, -1))
    quote = '"' if first.style == '"' else ""
    *outer, inner = (f"{quote}{name}{quote}" for name in names)
    line = f"{''.join(f'{name}: {{' for name in outer)}{inner}: {quote}{value}{quote}{'}' * len(outer)}"
    end = _end_of(mapping.value[-1][1])
    if not body[: last.start_mark.index].rpartition("\n")[2].strip():
        # Each key has a line of its own, and so gets this one, after the comment of the last.
        apart = f"{_newline_of(body)}{' ' * last.start_mark.column}"
        rest = _REST_IN_BRACES.match(body, end)
        after = rest.end() if rest else end
        if rest and rest["comma"]:
            yield f"{body[:after]}{apart}{line},{body[after:]}"
        else:
            yield f"{body[:end]},{body[end:after]}{apart}{line}{body[after:]}"
    else:
        yield f"{body[:end]}, {line}{body[end:]}"
    yield f"{body[: first.start_mark.index]}{line}, {body[first.start_mark.index :]}"


def _added(body: str, mapping: MappingNode, names: list[str], value: str) -> Iterator[str]:
    """Yield the text with a key added to a mapping: after the last of its keys, or before the first."""
    first_key = mapping.value[0][0].start_mark
    newline = _newline_of(body)
    *outer, last = (f"{' ' * (first_key.column + _STEP * depth)}{name}:" for depth, name in enumerate(names))
    lines = newline.join(chain(outer, [f"{last} {value}"]))
    end = len(body[: _end_of(mapping.value[-1][1])].rstrip())
    end = min(index for index in (body.find("\r", end), body.find("\n", end), len(body)) if index >= 0)
    # A comment that is indented further belongs to what stands above it.
    deeper = re.compile(rf"(?:\r?\n {{{first_key.column + 1},}}#[^\r\n]*)*").match(body, end)
    end = deeper.end() if deeper else end
    yield f"{body[:end]}{newline}{lines}{body[end:]}"
    start = first_key.index
    yield f"{body[:start]}{lines.lstrip()}{newline}{' ' * first_key.column}{body[start:]}"


def _newline_of(body: str) -> str:
    return "\r\n" if "\r\n" in body else "\n"


def _end_of(node: Node) -> int:
    """Return where the text of `node` ends; the mark of a block reaches over the comments after it."""
    while isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)
