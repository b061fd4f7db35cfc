"""Look at something again and again, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Ticker:
    """Calls `look` every `every_s` seconds between entry and exit; a meter is a ticker's look.

    An error of `look` ends the thread and is raised at exit.
    """

    def __init__(self, look: Callable[[], None], every_s: float, name: str) -> None:
        self._look = look
        self._every_s = every_s
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self._look()
            except Exception as error:
                self._error = error
                return
