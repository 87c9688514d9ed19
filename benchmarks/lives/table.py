"""The lives as a table, an elevation and a way a line."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.lives.lives import OURS, WAYS, Lived, live
from scripts.rehearsal.tenant_file import WINDOWS

ELEVATIONS = ("at_deploy", "none", "in_window", "scheduled")


def live_all() -> list[Lived]:
    """Live every elevation; its two ways run at the same time, so that both meet the same machine."""
    lived: list[Lived] = []
    with ThreadPoolExecutor(max_workers=len(WAYS)) as both:
        for elevation in ELEVATIONS:
            lived += both.map(live, [elevation] * len(WAYS), WAYS)
    return lived


def broken_promises(lived: Sequence[Lived]) -> list[str]:
    """Tell which lives with this project did not keep what it promises, whatever the time they took."""
    broken: list[str] = []
    for each in lived:
        if each.way != OURS:
            continue
        if each.figures.is_held_at_the_end:
            broken.append(f"`{each.elevation}` ends with the role still held")
        if each.elevation not in WINDOWS and each.figures.usable_privilege > 0:
            broken.append(f"`{each.elevation}` lets the role be used for {each.figures.usable_privilege:.1f} s")
        if each.elevation not in WINDOWS and each.figures.longest_token > 0:
            broken.append(f"`{each.elevation}` issues the account a token while the role is held")
    return broken


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
