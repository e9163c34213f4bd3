"""Where the threads of a process are, for a test that finds it standing still."""

import pathlib
import shutil
import subprocess


def stacks(pid: int) -> str:
    """The stack of every thread by gdb, if it is there; else what the kernel tells of each."""
    if shutil.which("gdb"):
        told = subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all backtrace"],
                              capture_output=True, text=True, timeout=60, check=False)
        if "#0" in told.stdout:
            return told.stdout
    return "\n".join(_of_thread(task) for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir()))


def _of_thread(task) -> str:
    def read(name):
        try:
            return (task / name).read_text().strip()
        except OSError as error:  # The stack is root's to read.
            return f"({error.strerror})"

    return f"{task.name} {read('comm')}: waits in {read('wchan')}, call {read('syscall')}\n{read('stack')}"
