"""Commands in messages run as they are pasted: from this folder, with this interpreter, at this terminal."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import spelling
from scripts.environment import child_environment
from scripts.rehearsal.provider_choice import ROOT
from scripts.spelling import Spelling

CLOSE = "look again, or take it away at once: python scripts/close.py contoso.yaml"


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, *, has_terminal: bool = True, has_mirror: bool = False) -> None:
    monkeypatch.setattr(spelling, "_has_terminal", lambda: has_terminal)
    monkeypatch.setattr(spelling, "has_mirror", lambda: has_mirror)
    monkeypatch.setattr(spelling, "find_on_path", lambda program: f"/somewhere/{program}")


@pytest.mark.parametrize("told", ["python scripts/close.py", "scripts/close.py"])
@pytest.mark.parametrize("folder", [".", "docs", ".."])
def test_script_is_found_from_where_the_user_stands(monkeypatch: pytest.MonkeyPatch, told: str, folder: str) -> None:
    monkeypatch.chdir(ROOT / folder)
    spelled = Spelling().spell(f"as {told} --help tells")
    words = shlex.split(spelled.removeprefix("as ").removesuffix(" tells"))
    environment = child_environment(ROOT)
    shown = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert "usage: close.py" in shown.stdout


def test_interpreter_is_named_short_where_it_is_the_one_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(spelling, "find_on_path", lambda _: sys.executable)
    assert Spelling().spell(CLOSE) == CLOSE
    assert Spelling().spell(Spelling().spell(CLOSE)) == CLOSE


def test_folder_that_is_gone_keeps_nobody_from_telling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert Spelling().spell(CLOSE) == CLOSE
    monkeypatch.chdir(tmp_path)


def test_folder_of_the_stack_is_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(spelling, "find_on_path", lambda _: sys.executable)
    spell = Spelling(Path("my stacks/contoso")).spell
    assert spell("python scripts/post_apply.py c.yaml") == (
        "python scripts/post_apply.py --stack 'my stacks/contoso' c.yaml"
    )
    assert spell("python scripts/close.py c.yaml") == "python scripts/close.py c.yaml"
    assert spell("terraform -chdir=cdktf.out/stacks/contoso apply") == "terraform -chdir='my stacks/contoso' apply"


@pytest.mark.parametrize(
    ("terminal", "told", "expected"),
    [
        ({}, "run cdktf deploy contoso first", "run cdktf deploy contoso first"),
        (
            {"has_mirror": True},
            "cdktf deploy contoso --var phase=prepared (consent needs no role)",
            "cdktf deploy contoso --var phase=prepared --skip-provider-lock (consent needs no role)",
        ),
        (
            {"has_mirror": True, "has_terminal": False},
            "cdktf deploy contoso, then run again",
            "cdktf deploy contoso --skip-provider-lock --auto-approve, then run again",
        ),
        ({"has_terminal": False}, "cdktf diff contoso", "cdktf diff contoso"),
        (
            {"has_mirror": True, "has_terminal": False},
            "cdktf deploy contoso --skip-provider-lock --auto-approve  # once",
            "cdktf deploy contoso --skip-provider-lock --auto-approve  # once",
        ),
        (
            {"has_terminal": False},
            "terraform -chdir=s apply -target=x",
            "terraform -chdir=s apply -auto-approve -target=x",
        ),
        ({"has_terminal": False}, "Terraform would apply it", "Terraform would apply it"),
        ({}, "/srv/scripts/close.py and myscripts/close.py", "/srv/scripts/close.py and myscripts/close.py"),
    ],
)
def test_options_are_those_of_this_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: dict[str, bool], told: str, expected: str
) -> None:
    at_a_terminal(monkeypatch, **terminal)
    assert Spelling().spell(told) == expected


def test_cdktf_that_only_the_set_up_knows_is_told_with_its_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_a_terminal(monkeypatch)
    monkeypatch.setattr(spelling, "find_on_path", lambda _: None)
    monkeypatch.setattr(spelling, "_ROOT", tmp_path)
    assert Spelling().spell("cdktf deploy contoso") == "cdktf deploy contoso"
    (tmp_path / ".toolchain" / "bin").mkdir(parents=True)
    (tmp_path / ".toolchain" / "bin" / "cdktf").touch()
    spelled = Spelling().spell("cdktf deploy contoso")
    assert f"{tmp_path}/.toolchain/bin" in spelled
    assert spelled.endswith(':"$PATH" cdktf deploy contoso')
