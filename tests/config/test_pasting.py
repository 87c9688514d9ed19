"""What a file is called changes nothing about what its command does when it is pasted."""

import subprocess
from pathlib import Path

import pytest

from steward.pasting import paste


@pytest.mark.parametrize(
    "name",
    [
        "contoso.yaml",
        "my tenant.yaml",
        "$(touch PWNED).yaml",
        "`touch PWNED`.yaml",
        "-x.yaml",
        "it's.yaml",
        "two\nlines.yaml",
        "-two\nlines' $(touch PWNED).yaml",
        "\x1b[31mred.yaml",
        "schön.yaml",
        "a%sb\\n.yaml",
    ],
)
def test_shell_takes_a_pasted_path_for_that_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("this one")
    pasted = paste(Path(name))
    assert pasted.isprintable()
    shown = subprocess.run(["/bin/sh", "-c", f"cat {pasted}"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout == "this one"
    assert not (tmp_path / "PWNED").exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_usual_path_is_pasted_as_it_is() -> None:
    assert paste(Path("tenants/contoso.yaml")) == "tenants/contoso.yaml"
