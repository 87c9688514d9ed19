"""A tenant file as written: its bytes, the plain value they stand for, and the line of every key.

YAML 1.2 is read down to its nodes only, and turned into mappings, tuples, text, numbers, truth values and dates here,
so that every value keeps its place and nothing in a file can name code. Duplicate keys, tags and keys that are not
text are problems; anchors, aliases and merge keys are allowed.
"""

import stat
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from steward.config.problem import KeyPath, LocatedProblem, Problem, TenantFileError, shown
from steward.pasting import paste

MAXIMUM_BYTES = 64 * 1024
_MAXIMUM_DEPTH = 30
_MAXIMUM_KEYS = 2000
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"


@dataclass(frozen=True)
class Source:
    """What a tenant file holds; `value` is made of dict, tuple, str, int, float, bool, date and None.

    `lines` gives the line, from 1, of every key and list item that the file writes out.
    """

    file: Path
    value: Mapping[str, object]
    lines: Mapping[KeyPath, int]
    problems: tuple[Problem, ...]

    def locate(self, problem: Problem) -> LocatedProblem:
        """Return the problem with the line of its key, or of the nearest key around it."""
        prefixes = (problem.key[:length] for length in range(len(problem.key), 0, -1))
        line = problem.line or next((self.lines[key] for key in prefixes if key in self.lines), None)
        return LocatedProblem(self.file, line, problem)


def read_source(file: Path) -> Source:
    """Read a tenant file; raise `TenantFileError` where it is no YAML mapping at all."""
    root = compose(file, read_text(file))
    reader = _NodeReader()
    value = reader.read(root, ())
    return Source(file, value if isinstance(value, dict) else {}, reader.lines, tuple(reader.problems))


def read_text(file: Path) -> str:
    """Return the file's text with its own line endings; a byte order mark stays the first character."""
    try:
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refusal(file, "is a folder", next_move="name the tenant file in it")
        if not stat.S_ISREG(status.st_mode):
            raise refusal(file, "is not a regular file", next_move="name a tenant file")
        if status.st_size > MAXIMUM_BYTES:
            raise refusal(
                file,
                f"is larger than {MAXIMUM_BYTES // 1024} KiB",
                why="no tenant file needs that much, so this is most likely another file",
            )
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise refusal(file, "does not exist", next_move=_way_to_a_file(file)) from error
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise refusal(file, "cannot be read", why=reason, next_move="check the path and its permissions") from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(
            file,
            "is not UTF-8 text",
            why=f"byte {error.start + 1} is no part of a UTF-8 character",
            next_move="save the file as UTF-8",
            line=raw[: error.start].count(b"\n") + 1,
        ) from error


def _way_to_a_file(file: Path) -> str:
    """Return what is to be done about a file that is not there: most often its name is misspelt."""
    if any(mark in file.name for mark in "*?["):
        return "name the files: it is a pattern, and no file of that folder fits it"
    try:
        there = sorted(entry.name for entry in file.parent.glob("*.yaml"))
    except OSError:
        there = []
    close = get_close_matches(file.name, there, n=1)
    if close:
        return f"did you mean {paste(file.parent / close[0])}?"
    return "copy tenants/example.yaml.sample to tenants/<name>.yaml and fill it in"


def compose(file: Path, text: str) -> MappingNode:
    """Return the file's root mapping as YAML nodes, whose marks hold lines from 0 and positions in `text`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _MAXIMUM_DEPTH
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor defined twice is legal: an alias means the latest
            root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise refusal(
            file, "is not valid YAML", why=_yaml_reason(error), next_move=_yaml_remedy(text, line), line=line
        ) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise refusal(
            file,
            "holds a character that YAML does not allow",
            why=f"the character is U+{error.character:04X}; this looks like a binary file",
            next_move="name a text file",
            line=line,
        ) from error
    except (YAMLError, ValueError, AssertionError) as error:
        raise refusal(file, "is not valid YAML", why=shown(str(error).partition("\n")[0])) from error
    if root is None or (isinstance(root, ScalarNode) and root.value == ""):
        raise refusal(file, "is empty", next_move="start from tenants/example.yaml.sample, which explains every key")
    if not isinstance(root, MappingNode):
        raise refusal(
            file,
            f"holds {'a list' if isinstance(root, SequenceNode) else 'a single value'} at its top",
            why="a tenant file is a mapping of keys: tenant, deployer, account and so on",
            next_move="one file describes one tenant; start from tenants/example.yaml.sample",
            line=root.start_mark.line + 1,
        )
    return root


def refusal(file: Path, what: str, *, why: str = "", next_move: str = "", line: int | None = None) -> TenantFileError:
    """Return the error for a file that cannot be read as a tenant file."""
    return TenantFileError([LocatedProblem(file, line, Problem((), what, why, next_move))])


def _yaml_reason(error: MarkedYAMLError) -> str:
    reasons = (error.context, error.problem)
    return shown("; ".join(" ".join(reason.split()) for reason in reasons if reason), limit=200)


def _yaml_remedy(text: str, line: int | None) -> str:
    lines = text.splitlines()
    if line and line <= len(lines) and "\t" in lines[line - 1]:
        return "indent with spaces; YAML takes no tab there"
    return "check the indentation, the quotes and the brackets on this line and the one before"


@dataclass
class _NodeReader:
    """Turns nodes into plain values, noting the line of each key on the way."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _open: list[Node] = field(default_factory=list)

    def read(self, node: Node, path: KeyPath) -> object:
        """Return the value of `node`, None where an alias makes it endless."""
        if any(node is each for each in self._open):
            self._refuse(path, "contains itself", "an alias points to a value that it is a part of")
            return None
        if len(self.lines) > _MAXIMUM_KEYS:
            self._refuse(path[:1], "is too large", "aliases multiply it to more keys than a tenant file can need")
            return None
        if str(node.tag) not in _KNOWN_TAGS:
            self._refuse(path, f"has the tag {shown(str(node.tag))}", "a tenant file is plain data, without types")
            return None
        self._open.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._read_mapping(node, path)
            if isinstance(node, SequenceNode):
                return self._read_sequence(node, path)
            return self._read_scalar(cast("ScalarNode", node), path)
        finally:
            self._open.pop()

    def _read_mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                for name, value in self._read_merge(value_node, path).items():
                    result.setdefault(name, value)  # the first of several merged mappings counts
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                continue
            line = key_node.start_mark.line + 1
            if str(key_node.tag) != _TEXT or not _is_unicode(key_node.value):
                self._refuse(path, "has a key that is not text", "keys are words, such as `account`", line=line)
            elif key_node.value in first_lines:
                self._refuse(
                    (*path, key_node.value),
                    "stands twice",
                    f"line {first_lines[key_node.value]} has it already, and only one of the two could count",
                    line=line,
                )
            else:
                name = key_node.value
                first_lines[name] = self.lines[(*path, name)] = line
                result[name] = self.read(value_node, (*path, name))
        return result

    def _read_merge(self, node: Node, path: KeyPath) -> dict[str, object]:
        line = node.start_mark.line + 1
        merged: dict[str, object] = {}
        for each in node.value if isinstance(node, SequenceNode) else (node,):
            value = self.read(each, path) if isinstance(each, MappingNode) else None
            if isinstance(value, dict):
                merged = {**value, **merged}
            else:
                self._refuse(path, "merges something that is no mapping", "`<<` takes an alias of a mapping", line=line)
        return merged

    def _read_sequence(self, node: SequenceNode, path: KeyPath) -> tuple[object, ...]:
        items: list[object] = []
        for index, item in enumerate(node.value):
            self.lines[(*path, index)] = item.start_mark.line + 1
            items.append(self.read(item, (*path, index)))
        return tuple(items)

    def _read_scalar(self, node: ScalarNode, path: KeyPath) -> object:
        """Return what a scalar stands for; what only looks like a number or a date stays text."""
        value: object = str(node.value)
        if not _is_unicode(node.value):
            self._refuse(path, "holds half a character", "an escape such as \\ud800 is no character by itself")
            return None
        with suppress(ValueError):
            value = _SCALARS.get(str(node.tag), str)(node.value)
        if value is None:
            self._refuse(path, "has no value", "", "write one, or leave an optional key out")
        return value

    def _refuse(self, key: KeyPath, what: str, why: str, next_move: str = "", *, line: int | None = None) -> None:
        problem = Problem(key, what, why, next_move, line)
        if problem not in self.problems:
            self.problems.append(problem)


def _is_merge(key: Node) -> bool:
    return str(key.tag) == _MERGE


def _is_unicode(text: str) -> bool:
    return text.isascii() or text == text.encode("utf-8", "ignore").decode("utf-8")


def _read_nothing(text: str) -> None:
    del text


_TEXT = f"{_TAG}str"
_SCALARS: Mapping[str, Callable[[str], object]] = {
    f"{_TAG}null": _read_nothing,
    f"{_TAG}bool": lambda text: text.lower() in {"true", "yes", "on", "y"},
    f"{_TAG}int": int,
    f"{_TAG}float": float,
    f"{_TAG}timestamp": date.fromisoformat,
}
_KNOWN_TAGS = {_TEXT, _MERGE, *_SCALARS, *(f"{_TAG}{name}" for name in ("map", "seq", "value"))}
