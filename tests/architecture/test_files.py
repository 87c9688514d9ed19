"""No file of the project names a machine's folder or a package registry, whatever its kind."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT, project_files

# Assembled, so that this file does not break its own rule.
_HOME_FOLDERS = "home|root|Users|work|tmp|private|mnt"
_FOLDER = re.compile(r"(?<![\w.$)}%>*\]-])/(?:" + _HOME_FOLDERS + r")/[\w.]|\b[A-Z]:\\\\?Users\b")
_REGISTRY = re.compile(
    "|".join(
        re.escape(name + "." + domain)
        for name, domain in (
            ("registry.npmjs", "org"),
            ("registry.yarnpkg", "com"),
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("proxy.golang", "org"),
            ("releases.hashicorp", "com"),
        )
    )
    + r"|--(?:extra-)?index-url|\"resolved\":"
)


def machine_bound(text: str) -> Iterator[str]:
    """Yield what ties a text to one machine or one network."""
    for pattern in (_FOLDER, _REGISTRY):
        yield from (match[0] for match in pattern.finditer(text))


def test_no_file_names_a_folder_of_a_machine_or_a_package_registry() -> None:
    found = {}
    for path in project_files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
        if matches := sorted(set(machine_bound(text))):
            found[path] = matches
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "cd /" + "root/project",
        'path = "/' + 'home/alice/x"',
        "'/" + "tmp/x'",
        "C:\\" + "Users\\alice",
        "https://registry." + "npmjs.org/x",
        "--index" + "-url https://example.org",
        '"resol' + 'ved": "x"',
    ],
)
def test_a_text_bound_to_a_machine_is_found(planted: str) -> None:
    assert list(machine_bound(planted))


@pytest.mark.parametrize("harmless", ["/users/{id}/memberOf", "#!/usr/bin/env bash", "$root/work/x", "a/tmp/b"])
def test_a_text_that_only_looks_like_it_passes(harmless: str) -> None:
    assert not list(machine_bound(harmless))
