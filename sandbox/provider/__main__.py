"""``python -m sandbox.provider``: with ``--identity``, what the executable in the mirror runs; or ``--attached``."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.provider.serve import serve, serve_attached

parser = argparse.ArgumentParser(prog="python -m sandbox.provider", description=__doc__)
way = parser.add_mutually_exclusive_group(required=True)
way.add_argument("--identity", type=Path, help="PEM file with the key and the certificate to serve with")
way.add_argument("--attached", type=Path, help="private folder for the socket of a provider that outlives Terraform")

if __name__ == "__main__":
    parsed = parser.parse_args()
    if parsed.identity:
        serve(parsed.identity)
    else:
        serve_attached(parsed.attached)
