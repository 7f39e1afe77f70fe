"""The routes of the page, and the server on 127.0.0.1 that answers them.

Reading and computing happen in threads; the event loop only forwards.
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from inpaint_cli.draw import fills, pictures, saving
from inpaint_cli.draw.drawing import RequestError, parse_drawing, parse_existing, parse_turn
from inpaint_cli.draw.security import Guard
from inpaint_cli.draw.session import OpenPhoto, Result, Session
from inpaint_cli.draw.worker import Ticket, Worker
from inpaint_cli.errors import InpaintError, UsageError, reason
from inpaint_cli.imaging.windows import Box
from inpaint_cli.io.reading import load_draft
from inpaint_cli.options import Method

_PAGE = Path(__file__).parent / "page"


class Routes:
    """The page's requests.

    Args:
        session: what it is answered from.
        worker: what fills and saves.
        finish: ends the server.
    """

    def __init__(self, session: Session, worker: Worker, finish: Callable[[], None]) -> None:
        self._session = session
        self._worker = worker
        self._finish = finish
        self._name = secrets.token_hex(8)  # distinguishes this server's pages from those of an earlier one

    def application(self, port: int, token: str) -> Starlette:
        """Return the ASGI application, guarded."""
        routes = [
            Route("/", self.page),
            Route("/api/session", self.describe),
            Route("/api/photos/{index:int}", self.photo),
            Route("/api/photos/{index:int}/preview", self.preview),
            Route("/api/photos/{index:int}/thumbnail", self.thumbnail),
            Route("/api/photos/{index:int}/mask", self.mask),
            Route("/api/photos/{index:int}/detail", self.detail),
            Route("/api/photos/{index:int}/fill", self.fill, methods=["POST"]),
            Route("/api/photos/{index:int}/save", self.save, methods=["POST"]),
            Route("/api/results/{number:int}/picture", self.result),
            Route("/api/results/{number:int}/detail", self.result_detail),
            Route("/api/finish", self.finish, methods=["POST"]),
            Mount("/page", StaticFiles(directory=_PAGE)),
        ]
        handlers: dict[Any, Any] = {RequestError: _bad_request, InpaintError: _not_possible}
        return Starlette(
            routes=routes, middleware=[Middleware(Guard, port=port, token=token)], exception_handlers=handlers
        )

    def page(self, _request: Request) -> Response:
        """The page itself."""
        return FileResponse(_PAGE / "index.html")

    def describe(self, _request: Request) -> Response:
        """The photos by name, and what the page has to know of the options."""
        settings = self._session.settings
        return JSONResponse(
            {
                "name": self._name,
                "photos": [job.photo.name for job in self._session.jobs],
                "lines": settings.options.method is Method.EDGECONNECT,
                "seed": settings.options.seed,
            }
        )

    def photo(self, request: Request) -> Response:
        """A photo's size, and whether it came with a mask."""
        opened = self._open(request)
        height, width = opened.photo.size
        return JSONResponse(
            {
                "width": width,
                "height": height,
                "scale": pictures.preview_scale(opened.photo.size),
                "masked": bool(opened.hole.any()),
                "transparent": opened.photo.alpha is not None,
            }
        )

    def preview(self, request: Request) -> Response:
        """The whole photo, no larger than a screen shows."""
        photo = self._open(request).photo
        return _picture(pictures.show(photo, _whole(photo.size), pictures.preview_scale(photo.size)))

    def thumbnail(self, request: Request) -> Response:
        """The photo in the film strip."""
        image = load_draft(self._session.jobs[self._index(request)].photo, pictures.THUMBNAIL)
        scale = pictures.preview_scale(image.shape[:2], pictures.THUMBNAIL)
        return _picture(pictures.encode_preview(pictures.scaled(image, scale), None, b""))

    def mask(self, request: Request) -> Response:
        """The mask that the photo came with: opaque where something is missing."""
        opened = self._open(request)
        return _picture(pictures.show_mask(opened.hole, pictures.preview_scale(opened.photo.size)))

    def detail(self, request: Request) -> Response:
        """Part of a photo, at up to its own resolution."""
        photo = self._open(request).photo
        box = _box(request, _whole(photo.size))
        return _picture(pictures.show(photo, box, _detail_scale(request, box)))

    def result(self, request: Request) -> Response:
        """What a fill has painted, at the preview's resolution."""
        result = self._result(request)
        return _picture(pictures.show_result(result, result.box, pictures.preview_scale(result.photo.size)))

    def result_detail(self, request: Request) -> Response:
        """Part of what a fill has painted, at up to the photo's resolution."""
        result = self._result(request)
        box = _box(request, result.box)
        return _picture(pictures.show_result(result, box, _detail_scale(request, box)))

    async def fill(self, request: Request) -> Response:
        """Fill as drawn: one JSON object a line, as the work goes on."""
        index, body = self._index(request), await _json(request)
        turn, drawing = parse_turn(body), await run_in_threadpool(parse_drawing, body)
        work = partial(fills.fill, self._session, index, drawing)
        return _stream(self._worker.submit(lambda ticket: work(ticket.tell), turn))

    async def save(self, request: Request) -> Response:
        """Save as drawn: one JSON object a line."""
        index, body = self._index(request), await _json(request)
        tab, drawing = parse_turn(body).tab, await run_in_threadpool(parse_drawing, body)
        work = partial(saving.save, self._session, index, drawing, parse_existing(body), tab=tab)
        return _stream(self._worker.submit(lambda ticket: work(tell=ticket.tell)))

    async def finish(self, _request: Request) -> Response:
        """End the server, once this answer is sent."""
        self._finish()
        return JSONResponse({})

    def _index(self, request: Request) -> int:
        index: int = request.path_params["index"]
        if index >= len(self._session.jobs):
            raise HTTPException(404)
        return index

    def _open(self, request: Request) -> OpenPhoto:
        return self._session.open(self._index(request))

    def _result(self, request: Request) -> Result:
        result = self._session.result(request.path_params["number"])
        if result is None:
            raise HTTPException(404)
        return result


def bind(port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1, on a free port if 0 is given.

    Raises:
        UsageError: the port is taken.
    """
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise UsageError(f"--port {port}: {reason(error)}; without --port a free one is taken") from error
    return listening


def serve(session: Session, worker: Worker, listening: socket.socket, announce: Callable[[str], None]) -> None:
    """Answer the page until it finishes, or until Ctrl-C.

    Args:
        session: what the page works on.
        worker: fills and saves; when this returns, it may still be busy with a fill that nobody waits for.
        listening: as `bind` returns it; early connections wait there.
        announce: called with the address as soon as it can be opened.
    """
    port, token = int(listening.getsockname()[1]), secrets.token_urlsafe(32)
    routes = Routes(session, worker, lambda: setattr(server, "should_exit", True))
    config = uvicorn.Config(
        routes.application(port, token),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    server = _Server(config, worker)
    announce(f"http://127.0.0.1:{port}/?token={token}")
    try:
        server.run(sockets=[listening])
    finally:
        with session.saving:  # files that are being written are finished
            listening.close()


class _Server(uvicorn.Server):
    """A server that drops fills when it ends, and waits for saving."""

    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self._worker = worker

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way, then the connections."""
        self._worker.stop()
        await super().shutdown(sockets)


async def _json(request: Request) -> object:
    body = await request.body()
    try:
        return await run_in_threadpool(json.loads, body)
    except (ValueError, RecursionError) as error:
        raise RequestError("not JSON") from error


def _stream(ticket: Ticket) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        async for event in ticket.events():
            yield json.dumps(event, separators=(",", ":")).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _picture(picture: pictures.Picture) -> Response:
    return Response(picture.data, media_type=picture.type)


def _whole(size: tuple[int, int]) -> Box:
    return Box(0, 0, *size)


def _box(request: Request, within: Box) -> Box:
    """Return the part of a box that a request names: `x`, `y`, `width` and `height` in pixels of the photo."""
    try:
        left, top, width, height = (int(request.query_params[key]) for key in ("x", "y", "width", "height"))
    except (KeyError, ValueError) as error:
        raise RequestError("x, y, width and height: whole numbers") from error
    top, left, bottom, right = (
        max(top, within.top),
        max(left, within.left),
        min(top + height, within.bottom),
        min(left + width, within.right),
    )
    if top >= bottom or left >= right:
        raise HTTPException(404)
    return Box(top, left, bottom, right)


def _detail_scale(request: Request, box: Box) -> float:
    """Return the scale that a request names, reduced to the largest detail allowed."""
    try:
        scale = float(request.query_params["scale"])
    except (KeyError, ValueError) as error:
        raise RequestError("scale: a number") from error
    if not 0 < scale <= 1:
        raise RequestError("scale: above 0, at most 1")
    return min(scale, pictures.MOST_DETAIL / max(box.height, box.width))


async def _bad_request(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _not_possible(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)
