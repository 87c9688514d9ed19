"""The stacks under CDK Terrain, which goes on where CDK for Terraform ended: the same JSON but for the version."""

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "tenants" / "example.yaml.sample").read_text(encoding="utf-8")
_ID = "8f4c1f0e-6f0a-4a8e-9d43-2f5b1c7e9a10"


def changed(name: str, **changes: str) -> str:
    """Return another tenant's file; what changes, by the key whose line it replaces."""
    text = EXAMPLE.replace("name: contoso", f"name: {name}").replace(_ID, str(uuid.uuid5(uuid.UUID(_ID), name)))
    for key, value in changes.items():
        text, count = re.subn(rf"(?m)^( *){key}:.*$(\n +- .*)*", rf"\g<1>{key}: {value}", text)
        assert count == 1, key
    return text


# What changes the shape of what is synthesized: who grants the role, who signs in, where the state is kept.
TENANTS = {
    "contoso": EXAMPLE,
    "fabrikam": changed(
        "fabrikam",
        elevation="none",
        mfa="{strength: Multifactor authentication}",
        backend="{azurerm: {storage_account_name: states, container_name: tenants}}",
    ),
    # Without dashboard roles, which would keep out the account whose first sign-in is awaited.
    "tailspin": changed(
        "tailspin",
        dashboard="[]",
        elevation="in_window",
        consent="browser\nsink: {file: {folder: ../../secrets}}",
        sign_in="allowed",
        mfa="{strength_id: 00000000-0000-0000-0000-000000000002}",
    ),
}


def synthesize(folder: Path, generation: str, files: list[Path]) -> dict[str, Any]:
    """Run the program with one generation's modules, and return what it wrote by file name."""
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDKTF")}
    result = subprocess.run(
        [sys.executable, Path(__file__).with_name("renamed_main.py"), generation, *files],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return {str(file.relative_to(folder)): json.loads(file.read_text()) for file in folder.rglob("*.json")}


def versions(document: Any) -> Iterator[str]:
    """Take out, and yield, the versions of the generation that wrote a document."""
    if "version" in document:
        yield document.pop("version")
    metadata = document.get("//", {}).get("metadata", {})
    if "version" in metadata:
        yield metadata.pop("version")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tenants")
    for name, text in TENANTS.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return sorted(folder.iterdir())


def test_stacks_synthesized_by_the_successor_are_the_same_but_for_its_version(
    files: list[Path], tmp_path: Path
) -> None:
    # One after the other in the same place: a local state's path is absolute.
    place = tmp_path / "project"
    old = synthesize(place, "cdktf", files)
    place.rename(tmp_path / "cdktf")
    new = synthesize(place, "cdktn", files)

    assert set(old) >= {f"cdktf.out/stacks/{name}/cdk.tf.json" for name in TENANTS}
    for documents, generation in ((old, "cdktf"), (new, "cdktn")):
        assert {each for document in documents.values() for each in versions(document)} == {version(generation)}
    assert new == old
