#!/bin/sh
# Finds a Python from 3.11 that can make a virtual environment, and starts the set-up with it, from any folder.
set -eu
unset CDPATH PYTHONHOME PYTHONPATH
cd -- "$(dirname -- "$0")/.."

# Exit codes of the probe: 0 it serves, 3 too old, 4 it cannot make virtual environments.
probe='
import sys
if sys.version_info < (3, 11): sys.exit(3)
try: import ensurepip, venv
except ImportError: sys.exit(4)
'
incomplete=
for candidate in .venv/bin/python python3.13 python3.12 python3.11 python3 python; do
    status=0
    command -v "$candidate" >/dev/null 2>&1 && "$candidate" -s -c "$probe" >/dev/null 2>&1 || status=$?
    case $status in
    0) exec "$candidate" -s -m toolchain "$@" ;;
    4) incomplete=$candidate ;;
    esac
done
if [ -n "$incomplete" ]; then
    echo "set-up: $incomplete cannot make a virtual environment" >&2
    echo "  why:  its module ensurepip is missing; some distributions ship it in a package of its own" >&2
    echo "  next: install it (Debian and Ubuntu: apt install python3-venv), then run the same command again" >&2
else
    echo "set-up: no Python that serves" >&2
    echo "  why:  PATH has no python3.13, python3.12, python3.11, python3 or python from 3.11" >&2
    echo "  next: install Python 3.11 or later, then run the same command again" >&2
fi
exit 1
