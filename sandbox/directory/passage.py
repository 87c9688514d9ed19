"""The passage of time: what ends or goes by itself, without anybody asking.

Called before every request and every sign-in, so that whoever looks finds the directory as the tenant's clock has
made it.
"""

from collections.abc import Callable

from sandbox.directory import group_schedules, recycling, role_schedules, sign_ins, vaults
from sandbox.directory.store import Directory

# In the order in which they act; each looks at the directory's clock.
PASSING: tuple[Callable[[Directory], None], ...] = (
    recycling.purge_expired,
    role_schedules.let_begin_and_end,
    group_schedules.let_begin_and_end,
    sign_ins.forget_ended,
    vaults.purge_expired,
)


def let_time_pass(directory: Directory) -> None:
    """Bring about whatever the tenant's clock has made due."""
    for due in PASSING:
        due(directory)
