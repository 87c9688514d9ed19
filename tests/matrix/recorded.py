"""Runs post_apply in this process, and writes down which modules it has imported by its end.

`python recorded.py <file> <arguments of post_apply>`.
"""

import sys
from pathlib import Path

from scripts.post_apply import main

if __name__ == "__main__":
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
    sys.exit(code)
