"""Commands in messages, spelled so that they run when they are pasted where the user stands.

What tells a next move names our programs as seen from the project's folder, `python scripts/close.py <file>`, and knows
nothing of the terminal. Here the interpreter that runs now, the way to the script and the options of this terminal come
in; what is no command of ours stays as it is.
"""

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.environment import find_on_path, has_mirror

_ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = re.compile(r"(?<![\w./-])(?:python )?scripts/(?P<name>\w+)\.py")
_CDKTF = re.compile(
    r"(?<![\w./-])cdktf (?P<verb>deploy|diff|destroy) "
    r"(?P<rest>[\w-]+(?: --var [\w=]+| --auto-approve| --skip-provider-lock)*)"
)
_APPLY = re.compile(r"(?P<command>(?<![\w./-])(?:terraform|tofu)(?: -chdir=(?:'[^']*'|\S+))? (?:apply|destroy))\b")
_STACK = re.compile(r"cdktf\.out/stacks/[\w-]+")
# These take the folder of a stack, and would look for it elsewhere than the run that speaks.
_WITH_STACK = frozenset({"post_apply", "retire"})


@dataclass(frozen=True)
class Spelling:
    """How commands are spelled: `stack` is the folder that this run was given with --stack."""

    stack: Path | None = None

    def spell(self, text: str) -> str:
        """Return the text with each command of ours as it runs here; as it is where here is nowhere any more."""
        try:
            return self._spell(text)
        except OSError:
            # The folder was deleted meanwhile, and whatever is to be told is told all the same.
            return text

    def _spell(self, text: str) -> str:
        if self.stack is not None:
            text = _STACK.sub(lambda _: shlex.quote(str(self.stack)), text)
        text = _SCRIPT.sub(self._script, text)
        text = _CDKTF.sub(_cdktf, text)
        return text if _has_terminal() else _APPLY.sub(r"\g<command> -auto-approve", text)

    def _script(self, found: re.Match[str]) -> str:
        name = found["name"]
        script = Path(os.path.relpath(_ROOT / "scripts" / f"{name}.py"))
        stack = f" --stack {shlex.quote(str(self.stack))}" if self.stack is not None and name in _WITH_STACK else ""
        return f"{_interpreter()} {shlex.quote(script.as_posix())}{stack}"


def _interpreter() -> str:
    running = Path(sys.executable)
    if find_on_path("python") == str(running):
        return "python"
    # One in the project is named from here, so that the line stays short; another one in full.
    is_ours = running.is_relative_to(_ROOT)
    return shlex.quote(os.path.relpath(running) if is_ours else str(running))


def _cdktf(found: re.Match[str]) -> str:
    options = [
        # A mirror cannot lock providers of other systems.
        *(["--skip-provider-lock"] if has_mirror() else []),
        *(["--auto-approve"] if found["verb"] != "diff" and not _has_terminal() else []),
    ]
    rest = found["rest"]
    command = " ".join(["cdktf", found["verb"], rest, *(option for option in options if option not in rest)])
    if find_on_path("cdktf") is None and (_ROOT / ".toolchain" / "bin" / "cdktf").exists():
        # cdktf looks for Terraform, Node.js and this Python itself.
        folders = os.pathsep.join(str(_ROOT / folder / "bin") for folder in (".venv", ".toolchain"))
        return f'PATH={shlex.quote(folders)}:"$PATH" {command}'
    return command


def _has_terminal() -> bool:
    return bool(sys.stdin) and not sys.stdin.closed and sys.stdin.isatty()
