"""A bar on a terminal, and nothing anywhere else."""

from typing import Any

WIDTH = 40


class Progress:
    def __init__(self, stream: Any, total: int) -> None:
        self.stream, self.total, self.drawn = stream, total, -1
        self.is_shown = total > 0 and stream.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self.drawn >= 0:
            self.write("\r" + " " * (WIDTH + 30) + "\r")

    def show(self, done: int) -> None:
        """Drawn anew only where it looks different."""
        filled = WIDTH * done // self.total if self.total else 0
        if self.is_shown and filled != self.drawn:
            self.drawn = filled
            self.write(f"\r[{'#' * filled:<{WIDTH}}] {done:,} of {self.total:,}")

    def write(self, text: str) -> None:
        self.stream.write(text, style_func=str, ending="")
        self.stream.flush()
