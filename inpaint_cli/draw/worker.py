"""One thread that fills: requests queue, and a tab's newer request replaces its older ones."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from inpaint_cli.draw.drawing import Turn
from inpaint_cli.errors import InpaintError

logger = logging.getLogger(__name__)

Event = dict[str, Any]  # what the page is told, as JSON


class DroppedError(Exception):
    """Nobody waits for this work any more."""


class Ticket:
    """One piece of work in the worker's queue.

    Args:
        work: called in the worker's thread with the ticket; it reports by `tell`.
    """

    def __init__(self, work: Callable[[Ticket], None]) -> None:
        self._work = work
        self._dropped = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()

    def tell(self, event: str, **details: object) -> None:
        """Report to the waiting request; from any thread.

        Raises:
            DroppedError: nobody waits any more.
        """
        if self._dropped.is_set():
            raise DroppedError
        self._put({"event": event, **details})

    def drop(self) -> None:
        """Drop the work; it stops at its next report."""
        self._dropped.set()

    def end(self) -> None:
        """Drop the work and end the waiting request."""
        self.drop()
        self._put({"event": "dropped"})
        self._put(None)

    async def events(self) -> AsyncIterator[Event]:
        """Yield what is reported, until the work ends; whoever stops listening drops it."""
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            self.drop()

    def run(self) -> None:
        """Do the work; its last event is its own, `dropped`, or `failed`."""
        try:
            self.tell("started")
            self._work(self)
        except DroppedError:
            self._put({"event": "dropped"})
        except InpaintError as error:
            self._put({"event": "failed", "error": str(error)})
        except Exception as error:  # an unexpected error in one fill must not end the session
            logger.exception("unexpected %s", type(error).__name__)
            self._put({"event": "failed", "error": f"unexpected {type(error).__name__}: {error}"})
        finally:
            self._put(None)

    def _put(self, event: Event | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)


class Worker:
    """The thread; a daemon, so that an abandoned fill does not keep the program running.

    Attributes:
        is_busy: whether something is being computed.
    """

    def __init__(self) -> None:
        self.is_busy = False
        self._tickets: queue.SimpleQueue[Ticket] = queue.SimpleQueue()
        self._latest: dict[str, tuple[int, Ticket]] = {}
        self._thread = threading.Thread(target=self._run, name="draw", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Ticket], None], turn: Turn | None = None) -> Ticket:
        """Return the ticket of some work that waits.

        Args:
            work: what to do.
            turn: the work replaces what the same tab asked for before, and is dropped if that tab has asked
                for something since; None for work that does neither.
        """
        ticket = Ticket(work)
        if turn is not None:
            number, latest = self._latest.get(turn.tab, (turn.number, None))
            if turn.number < number:
                ticket.drop()
            else:
                self._latest[turn.tab] = turn.number, ticket
                if latest is not None:
                    latest.drop()
        self._tickets.put(ticket)
        return ticket

    def stop(self) -> None:
        """Drop the work that only the page would see. Work without a turn is still done."""
        for _, ticket in self._latest.values():
            ticket.end()

    def _run(self) -> None:
        while True:
            ticket = self._tickets.get()
            self.is_busy = True
            ticket.run()
            self.is_busy = False
