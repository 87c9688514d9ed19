"""Runs one of our programs in this process, and writes down which modules it has imported by its end.

`python recorded.py <file> <program> <arguments of the program>`.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    file, program, *arguments = sys.argv[1:]
    module = importlib.import_module(f"scripts.{program}")
    sys.argv = [str(module.__file__), *arguments]
    try:
        sys.exit(int(module.main(arguments)))
    finally:
        Path(file).write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
