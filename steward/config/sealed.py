"""Writes the day of sealing into a tenant file, the lock that holds even if Terraform's state is lost.

One line is added and every other byte stays: comments, order, quotes and line endings. The result is read back before
it replaces the file, so that a layout that cannot be edited safely is left alone and the line is named instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from steward.config.loader import load_tenant
from steward.config.model import Tenant
from steward.config.problem import TenantFileError
from steward.config.source import compose, read_text
from steward.errors import ConfigError

_BYTE_ORDER_MARK = "\ufeff"


def write_sealed_on(path: Path, day: date) -> bool:
    """Set `account.sealed_on` to `day`; return False, and touch nothing, where a day stands there already."""
    tenant = load_tenant(path)
    if tenant.account.sealed_on is not None:
        return False
    account = tenant.account.model_copy(update={"sealed_on": day})
    _replace(path, day, tenant.model_copy(update={"account": account}))
    return True


def _replace(path: Path, day: date, wanted: Tenant) -> None:
    """Put the first edit in place that reads back as `wanted`, keeping the file's mode and a link to it."""
    text = read_text(path)
    target = path.resolve()
    try:
        for edited in _edits(path, text, f"sealed_on: {day.isoformat()}"):
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
        raise _by_hand(path, day, why=error.strerror or str(error)) from error
    raise _by_hand(path, day, why="the account's keys are laid out in a way that cannot be edited safely")


def _reads_as(draft: Path, wanted: Tenant) -> bool:
    with suppress(TenantFileError):
        return load_tenant(draft) == wanted.model_copy(update={"file": draft})
    return False


def _by_hand(path: Path, day: date, *, why: str) -> ConfigError:
    return ConfigError(
        f"{path}: account.sealed_on could not be written",
        why=why,
        next_move=f"add this line under account: by hand: sealed_on: {day.isoformat()}",
    )


def _edits(path: Path, text: str, line: str) -> Iterator[str]:
    """Yield the text with the line added to the account's keys: after the last of them, or before the first."""
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    body = text.removeprefix(mark)
    root = compose(path, body)
    account = next((value for key, value in root.value if key.value == "account"), None)
    if not isinstance(account, MappingNode) or not account.value:
        return
    first_key = account.value[0][0].start_mark
    if account.flow_style:
        end = _end_of(account.value[-1][1])
        yield f"{mark}{body[:end]}, {line}{body[end:]}"
        yield f"{mark}{body[: first_key.index]}{line}, {body[first_key.index :]}"
        return
    newline = "\r\n" if "\r\n" in body else "\n"
    end = len(body[: _end_of(account.value[-1][1])].rstrip())
    end = min(index for index in (body.find("\r", end), body.find("\n", end), len(body)) if index >= 0)
    yield f"{mark}{body[:end]}{newline}{' ' * first_key.column}{line}{body[end:]}"
    start = first_key.index
    yield f"{mark}{body[:start]}{line}{newline}{' ' * first_key.column}{body[start:]}"


def _end_of(node: Node) -> int:
    """Return where the text of `node` ends; the mark of a block reaches over the comments after it."""
    while isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)
