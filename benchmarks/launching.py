"""Starts one command and writes what it cost as JSON to a file descriptor; run by `processes`, never imported.

It is a small process of its own because a child counts as its memory what its parent held when it was started
(getrusage(2)), and whoever measures may hold more than what is measured.
"""

import json
import os
import subprocess
import sys


def main(arguments: list[str]) -> int:
    """Run the command to its end, or only to its first line; the exit code is the command's."""
    descriptor, lasts, *command = arguments
    if lasts == "to-its-end":
        process, line = subprocess.Popen(command), b""
    else:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = process.stdout.readline() if process.stdout else b""
        process.kill()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts in KiB, macOS in bytes.
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as file:
        json.dump({"computing": used.ru_utime + used.ru_stime, "memory": memory}, file)
    return process.returncode if lasts == "to-its-end" else int(not line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
