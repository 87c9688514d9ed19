"""The file by which one `terraform apply` takes in what exists and the state does not know, for a stack's folder."""

import json
from collections.abc import Sequence
from pathlib import Path

from steward.errors import ConfigError

# Terraform reads a file as JSON by this end of its name only.
_END = ".tf.json"


def require_import_file(path: Path) -> None:
    """Raise `ConfigError` unless the path can be such a file: one that Terraform reads and that holds nothing else."""
    if not path.name.endswith(_END):
        raise ConfigError(
            f"{path} is no file that Terraform would read",
            why=f"it reads JSON from files whose name ends in {_END}",
            next_move=f"name import{_END} in the stack's folder",
        )
    if path.exists() and not _holds_imports_only(path):
        raise ConfigError(
            f"{path} is there already",
            why="it holds something else than what Terraform is to take in",
            next_move="name another file",
        )


def write_import_file(path: Path, blocks: Sequence[dict[str, str]]) -> None:
    """Write the file; raises `ConfigError` where it cannot be written."""
    try:
        path.write_text(json.dumps({"import": list(blocks)}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written",
            why=error.strerror or str(error),
            next_move="name a file in a folder that is there, such as the synthesized stack's",
        ) from None


def _holds_imports_only(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and set(content) == {"import"}
