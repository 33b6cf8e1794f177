"""The calls of the user's program: kept until they are made, one after the other, on a thread."""

import logging
import threading
from collections.abc import Callable

from engine.alerts.hook import Hook
from engine.store.documents import DocumentRepo

_log = logging.getLogger(__name__)

_PREFIX = "call-"


class AlertCalls:
    """Nobody waits for a program. A call that the end of Assay has cut short is made anew."""

    def __init__(
        self,
        documents: DocumentRepo,
        hook: Hook,
        program: Callable[[], str],
        failed: Callable[[str], None],
    ) -> None:
        """program: that of the settings, "" for none. failed: told what went wrong."""
        self._documents = documents
        self._hook = hook
        self._program = program
        self._failed = failed
        self._changed = threading.Condition()
        self._wanted = False
        self._working = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, number: int, title: str, text: str) -> None:
        """Keep a call, to be made soon. number: the firing's, by which calls are in order."""
        body = {"title": title, "text": text}
        self._documents.put("alerts", f"{_PREFIX}{number:012}", body)
        self.resume()

    def resume(self) -> None:
        """Make the calls that are kept."""
        with self._changed:
            if self._closed:
                return
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="calls", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def finish(self) -> None:
        """Make the calls that are kept, and wait until they are made."""
        self.resume()
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not (self._wanted or self._working))

    def close(self) -> None:
        """End the program that runs; the calls that are left are made after the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._hook.close()
        # Ctrl-C may have come between making and starting it: it sees that it is to stop.
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._take():
            try:
                self._make_calls()
            except Exception:  # noqa: BLE001  (they are kept; the failure is in the log)
                _log.exception("the program for alerts could not be called")
            with self._changed:
                self._working = False
                self._changed.notify_all()

    def _take(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wanted)
            self._wanted, self._working = False, True
            return not self._closed

    def _make_calls(self) -> None:
        kept = self._documents.all("alerts")
        for name in (one for one in kept if one.startswith(_PREFIX)):
            program = self._program()
            try:
                if program and (
                    notice := self._hook.run(program, kept[name]["title"], kept[name]["text"])
                ):
                    self._failed(notice)
            except Exception:  # noqa: BLE001  (it would be in the way of those after it)
                _log.exception("a call of the program for alerts could not be made and is dropped")
            if self._closed:
                return
            self._documents.delete("alerts", name)
