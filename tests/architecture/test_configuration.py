"""Relaxed checks in pyproject.toml carry their reasons, and the pinned packages carry their hashes."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT

_ENTRY = re.compile(r'^\s+"(?:[A-Z]+[0-9]*|error|ignore.*|default.*)",(?P<comment>.*)$')
_SETTING = re.compile(r"^(?:follow_imports|ignore_missing_imports|ignore_errors|disable_error_code)\s*=")
_TABLES_THAT_RELAX = ("tool.ruff.lint.per-file-ignores", "tool.mypy.overrides")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def unreasoned_relaxations(configuration: str) -> Iterator[str]:
    """Yield the lines that relax a check without saying why."""
    table = key = ""
    for line in configuration.splitlines():
        if line.startswith("["):
            table, key = line.strip("[]"), ""
        if match := re.match(r"([a-z-]+)\s*=\s*\[", line):
            key = match[1]
        relaxes = key in {"ignore", "extend-ignore"} or table in _TABLES_THAT_RELAX
        if relaxes and (_ENTRY.match(line) or _SETTING.match(line)) and not re.search(r"#\s*\S+\s+\S+", line):
            yield line.strip()


def test_every_relaxed_check_in_the_configuration_has_its_reason_on_the_line() -> None:
    assert list(unreasoned_relaxations((ROOT / "pyproject.toml").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "planted",
    [
        '[tool.ruff.lint]\nignore = [\n    "D105",\n]\n',
        '[tool.ruff.lint.per-file-ignores]\n"tests/**" = [\n    "S101",\n]\n',
        '[[tool.mypy.overrides]]\nmodule = ["a.*"]\nfollow_imports = "skip"\n',
    ],
)
def test_a_relaxed_check_without_a_reason_is_found(planted: str) -> None:
    assert list(unreasoned_relaxations(planted))


def unhashed_requirements(lock: str) -> Iterator[str]:
    """Yield the pins of a lock file that no hash follows."""
    lines = [line for line in lock.splitlines() if line.strip() and not line.strip().startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith(" ") and not ("==" in line and following.strip().startswith("--hash=sha256:")):
            yield line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.name))
def test_every_package_of_a_lock_file_is_pinned_with_a_hash(lock: object) -> None:
    text = (ROOT / "requirements" / str(getattr(lock, "name", ""))).read_text(encoding="utf-8")
    assert "==" in text
    assert list(unhashed_requirements(text)) == []


@pytest.mark.parametrize("planted", ["a==1 \\\n    # via b\n", "a>=1 \\\n    --hash=sha256:0\n", "--find-links x\n"])
def test_a_package_without_a_hash_is_found(planted: str) -> None:
    assert list(unhashed_requirements(planted))


def test_the_sets_of_packages_agree_on_every_version() -> None:
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}
