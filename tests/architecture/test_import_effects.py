"""Importing a module of ours does nothing but define names: no file written, no process, no connection, no output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, product_sources

_PROBE = Path(__file__).with_name("import_probe.py")


def watch(root: Path, *modules: str) -> dict[str, list[str]]:
    """Return the effects of importing modules below a folder, by module."""
    done = subprocess.run(
        [sys.executable, "-B", str(_PROBE), str(root), *modules], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    effects: dict[str, list[str]] = json.loads(done.stdout)
    return effects


def test_importing_any_module_has_no_effect() -> None:
    modules = [source.module for source in product_sources() if not source.path.endswith("__main__.py")]
    assert modules
    assert watch(ROOT, *modules) == {}


@pytest.mark.parametrize(
    ("planted", "event"),
    [
        ("open('written', 'w').close()", "open"),
        ("import pathlib\npathlib.Path('made').mkdir()", "os.mkdir"),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen"),
        ("import socket\nsocket.getaddrinfo('localhost', 1)", "socket.getaddrinfo"),
        ("import os\nos.environ['A'] = 'b'", "os.putenv"),
        ("import threading\nthreading.Thread(target=int).start()", "thread started"),
        ("print('loud')", "printed"),
        ("1 / 0", "raised ZeroDivisionError"),
    ],
)
def test_a_module_with_an_effect_at_import_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str, event: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "planted_module.py").write_text(f"{planted}\n", encoding="utf-8")
    effects = watch(tmp_path, "planted_module")
    assert any(effect.startswith(event) for effect in effects["planted_module"])


def test_a_module_that_only_defines_names_passes(tmp_path: Path) -> None:
    (tmp_path / "quiet_module.py").write_text("from pathlib import Path\n\nHERE = Path(__file__)\n", encoding="utf-8")
    assert watch(tmp_path, "quiet_module") == {}
