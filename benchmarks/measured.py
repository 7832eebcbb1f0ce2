"""Runs one command and tells what it cost: `python -I -S measured.py FILE COMMAND...`.

A process of its own and as small as can be: a child starts with the peak of whoever started it.
"""

import json
import os
import sys
import time


def main(file: str, *command: str) -> None:
    begun = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, used = os.wait4(child, 0)
    told = {
        "wall": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123 -- pathlib is half of its size
        json.dump(told, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
