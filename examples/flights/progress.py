"""Shows on stderr how far a long run has come."""

import sys
import threading
import time

BAR_WIDTH = 30
REDRAW_INTERVAL_S = 0.1
LINE_INTERVAL_S = 5.0


class Progress:
    """A bar that redraws itself; plain lines where stderr is not a terminal. Thread-safe.

    `total` is None where nobody knows how many rows will come.
    """

    def __init__(self, label, total=None, out=sys.stderr, clock=time.monotonic):
        self.label = label
        self.total = total
        self.out = out
        self.clock = clock
        self.is_terminal = out.isatty()
        self.rows = 0
        self.started = clock()
        self.shown = self.started
        self.lock = threading.Lock()

    def add(self, rows):
        with self.lock:
            self.rows += rows
            interval = REDRAW_INTERVAL_S if self.is_terminal else LINE_INTERVAL_S
            if self.clock() - self.shown >= interval:
                self.show()

    def finish(self):
        with self.lock:
            self.show()
            if self.is_terminal:
                self.out.write("\n")

    def show(self):
        self.shown = self.clock()
        if self.is_terminal:
            self.out.write(f"\r{self.text()}\x1b[K")
        else:
            self.out.write(f"{self.text()}\n")
        self.out.flush()

    def text(self) -> str:
        rate = self.rows / max(self.shown - self.started, 1e-9)
        figures = f"{self.rows:,}" if self.total is None else f"{self.rows:,} of {self.total:,}"
        return f"{self.label} {self.bar()}{figures} rows, {rate:,.0f} rows/s"

    def bar(self) -> str:
        if not self.is_terminal or not self.total:
            return ""
        filled = BAR_WIDTH * self.rows // self.total
        return f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] "
