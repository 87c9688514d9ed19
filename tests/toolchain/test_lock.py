"""Two set-ups of one folder work one after the other."""

import subprocess
import sys
from pathlib import Path

from toolchain import lock

ROOT = Path(__file__).resolve().parents[2]

_HOLDER = """
import sys
from pathlib import Path
from toolchain import lock
with lock.hold(Path(sys.argv[1]), on_wait=lambda: print("waits", flush=True)):
    print("holds", flush=True)
    sys.stdin.readline()
"""


def test_a_second_one_waits_until_the_first_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLDER, str(file)]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first,
    ):
        assert first.stdout is not None
        assert first.stdout.readline() == "holds\n"
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waits\n"
            first.kill()
            assert second.stdout.readline() == "holds\n"
            second.communicate("\n", timeout=30)
            assert second.returncode == 0


def test_a_free_lock_is_taken_without_waiting(tmp_path: Path) -> None:
    waited: list[str] = []
    with lock.hold(tmp_path / "new folder" / "lock", on_wait=lambda: waited.append("waited")):
        pass
    assert waited == []
