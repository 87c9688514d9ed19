"""Made-up machines: folders of small programs that answer a version, and nothing else on PATH."""

from pathlib import Path

from toolchain.machine import Machine


def add_program(folder: Path, name: str, answer: str = "", *, exit_code: int = 0) -> Path:
    """Put a program into a folder that prints one answer, whatever it is asked."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.answer").write_text(answer, encoding="utf-8")
    program = folder / name
    # Only what the shell has built in, because PATH holds nothing else.
    script = (
        f'#!/bin/sh\nwhile IFS= read -r line || [ -n "$line" ]; do echo "$line"; done < "$0.answer"\nexit {exit_code}\n'
    )
    program.write_text(script, encoding="utf-8")
    program.chmod(0o755)
    return program


def machine_with(*folders: Path, **variables: str) -> Machine:
    """Return a machine with exactly these folders on PATH."""
    return Machine({"PATH": ":".join(map(str, folders)), **variables})


def terraform_answer(version: str) -> str:
    """Return what `terraform version -json` prints."""
    return f'{{\n  "terraform_version": "{version}",\n  "platform": "linux_amd64",\n  "provider_selections": {{}}\n}}\n'
