"""Measures and prints a table of README.md, as Markdown: answers, lives, the provider's cost, reviews, or statuses."""

import argparse
import os
import platform
import sys

from benchmarks import provider, reviews, statuses
from benchmarks.lives import table
from benchmarks.measuring import Times, WarmStart, measure, warm_start

_USERS = (0, 250, 500, 1000)
_TENANTS = (1, 100, 200, 300)
_SHOWN_TENANTS = (1, 125, 250, 500)


def main() -> int:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("answers", "lives", "provider", "reviews", "statuses"),
        default="answers",
        help="(default: %(default)s)",
    )
    parser.add_argument("--rounds", type=_rounds, default=50, help="how often each request is sent to each tenant")
    parsed = parser.parse_args()
    if parsed.what == "answers":
        print(_answers(parsed.rounds))  # noqa: T201 - the program's result
        return 0
    if parsed.what == "provider":
        print(provider.render(provider.measure(rounds=7)))  # noqa: T201 - the program's result
        return 0
    if parsed.what == "reviews":
        print(reviews.render(reviews.measure(_TENANTS, rounds=3)))  # noqa: T201 - the program's result
        return 0
    if parsed.what == "statuses":
        print(statuses.render(statuses.measure(_SHOWN_TENANTS, rounds=3)))  # noqa: T201 - the program's result
        return 0
    lived = table.live_all()
    print(table.render(lived))  # noqa: T201 - the program's result
    broken = table.broken_promises(lived)
    for each in broken:
        print(each, file=sys.stderr)  # noqa: T201 - why the code is not 0
    return 1 if broken else 0


def _answers(rounds: int) -> str:
    return render(measure(_USERS, rounds=rounds), warm_start(rounds=5))


def _rounds(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no number of rounds; give 1 or more")


def render(times: Times, start: WarmStart) -> str:
    """Write times and their ratios to the empty tenant's as a table."""
    sizes = list(next(iter(times.values())))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    started = f"a process answers {start.elapsed:.2f} s after its start; started and ended it computes"
    lines = [
        f"{machine}; {started} {start.computing:.2f} s.",
        "",
        f"| request | empty tenant | {' | '.join(f'{each} users' for each in sizes[1:])} |",
        f"|---|{'---|' * len(sizes)}",
    ]
    for name, by_size in times.items():
        empty = by_size[sizes[0]]
        larger = (f"{by_size[each]:.1f} ms, {by_size[each] / empty:.1f}x" for each in sizes[1:])
        lines.append(f"| {name} | {empty:.1f} ms | {' | '.join(larger)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
