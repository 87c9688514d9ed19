"""Our programs. Started with a Python that the set-up did not prepare, they say so and end with exit code 2.

Nothing of anybody else's is imported here: it is what may be missing.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_NEEDED = ("azure", "github", "jinja2", "msgraph", "pydantic", "rich", "ruamel", "tenacity")
_MISSING = [name for name in _NEEDED if find_spec(name) is None]

if _MISSING:
    sys.stderr.write(
        f"error: {', '.join(_MISSING)} not found by {sys.executable}\n"
        "  why:  this Python is not the one that the set-up prepared for our programs\n"
        f'  next: make set-up, once; then export PATH="{_ROOT}/.venv/bin:{_ROOT}/.toolchain/bin:$PATH", and run it '
        "again\n"
    )
    raise SystemExit(2)
