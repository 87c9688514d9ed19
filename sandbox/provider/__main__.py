"""``python -m sandbox.provider --identity FILE``: what the executable in the mirror runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.provider.serve import serve

parser = argparse.ArgumentParser(prog="python -m sandbox.provider", description=__doc__)
parser.add_argument(
    "--identity", type=Path, required=True, help="PEM file with the key and the certificate to serve with"
)

if __name__ == "__main__":
    serve(parser.parse_args().identity)
