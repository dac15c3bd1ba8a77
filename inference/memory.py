"""How much memory this process holds, has held, and may still take."""

import sys
from pathlib import Path


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":  # its ru_maxrss starts with what the parent process held
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # macOS counts bytes


def memory_bytes() -> int:
    """The memory that this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def total_memory_bytes() -> int:
    """The memory of this computer."""
    import psutil

    return int(psutil.virtual_memory().total)


def available_memory_bytes() -> int:
    """The memory that this process can still take, also where a container limits it."""
    import psutil

    free = int(psutil.virtual_memory().available)
    limit = _cgroup_number("memory.max")
    used = _cgroup_number("memory.current")
    return free if limit is None or used is None else max(0, min(free, limit - used))


def _cgroup_number(name: str) -> int | None:
    """A figure of the control group that this process is in (Linux, cgroup v2)."""
    try:
        text = (Path("/sys/fs/cgroup") / name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max" is no limit
