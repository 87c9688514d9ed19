"""The lives as a table, an elevation and a way a line."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.lives.lives import WAYS, Lived, live

ELEVATIONS = ("at_deploy", "none", "in_window", "scheduled")


def live_all() -> list[Lived]:
    """Live every elevation; its two ways run at the same time, so that both meet the same machine."""
    lived: list[Lived] = []
    with ThreadPoolExecutor(max_workers=len(WAYS)) as both:
        for elevation in ELEVATIONS:
            lived += both.map(live, [elevation] * len(WAYS), WAYS)
    return lived


def render(lived: Sequence[Lived]) -> str:
    """Write lives as a Markdown table."""
    columns = ("elevation", "way", "role held", "usable privilege", "longest token", "requests (necessary)", "wall")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for each in lived:
        figures = each.figures
        lines.append(
            f"| `{each.elevation}` | {each.way} | {figures.role_held:.1f} s | {figures.usable_privilege:.1f} s "
            f"| {figures.longest_token} s | {figures.requests} ({figures.necessary_requests}) | {each.seconds:.0f} s |"
        )
    return "\n".join(lines)
