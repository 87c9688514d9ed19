"""Stands in for a browser: writes the address that it is given into a file, for whoever plays the person.

`BROWSER="<python> <this file> <the file> %s"` makes it what a program opens.
"""

import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Write the second argument into the file that the first one names, whole or not at all."""
    file = Path(arguments[0])
    part = file.with_suffix(".part")
    part.write_text(arguments[1], encoding="utf-8")
    part.rename(file)


if __name__ == "__main__":
    main(sys.argv[1:])
