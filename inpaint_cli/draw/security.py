"""Access to the server: only by this machine's user, through the page at the printed address.

Pages of other origins are kept out in four ways, each sufficient: they do not know the token, the cookie is not
sent with their requests (`SameSite=Strict`), their `Origin` differs, and after DNS rebinding so does their `Host`.
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 16 * 2**20  # bytes of a request; strokes are far smaller
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OURS = frozenset({"same-origin", "none"})  # Sec-Fetch-Site of requests by the page, or by a typed address

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """A request that is not answered; its text says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Guard:
    """ASGI middleware that admits the page's own requests only.

    Args:
        app: what it guards.
        port: the server's.
        token: the secret in the printed address; a new one for each server.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._token = token
        self._cookie = f"inpaint-draw-{port}"  # browsers share cookies between ports
        self._secret = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        new = False
        try:
            self._check_sender(scope, headers)
            new = not self._is_known(headers)
            self._check_body(scope["method"], headers)
        except RefusedError as error:
            await PlainTextResponse(str(error), error.status, HEADERS)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(HEADERS)
                if new:
                    answer.append("Set-Cookie", f"{self._cookie}={self._secret}; HttpOnly; SameSite=Strict; Path=/")
            await send(message)

        await self._app(scope, _limited(receive), send_guarded)

    def _check_sender(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or host not in self._hosts:
            raise RefusedError(403, "This is not the host that the server was started for.")
        origin = headers.get("origin")
        if (origin is None and scope["method"] in _CHANGING) or (origin is not None and origin != f"http://{host}"):
            raise RefusedError(403, "Only the page itself may ask for this.")
        if scope["method"] == "GET" and scope["path"] == "/" and self._holds_token(scope):
            return  # the link may have been opened from any page
        if not self._is_known(headers):
            raise RefusedError(403, "Open the whole address that `inpaint draw` printed, with its token.")
        if headers.get("sec-fetch-site", "none") not in _OURS:
            raise RefusedError(403, "Only the page itself may ask for this.")

    def _is_known(self, headers: Headers) -> bool:
        cookie: SimpleCookie = SimpleCookie()
        try:
            cookie.load(headers.get("cookie", ""))
        except CookieError:
            return False
        return self._cookie in cookie and _same(cookie[self._cookie].value, self._secret)

    def _holds_token(self, scope: Scope) -> bool:
        tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(tokens) == 1 and _same(tokens[0], self._token)

    def _check_body(self, method: str, headers: Headers) -> None:
        if method not in _CHANGING:
            return
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise RefusedError(415, "Requests are JSON.")
        length = headers.get("content-length", "")
        if not length.isdecimal():
            raise RefusedError(411, "A request says how long it is.")
        if int(length) > LARGEST_BODY:
            raise RefusedError(413, f"A request has at most {LARGEST_BODY} bytes.")


def _limited(receive: Receive) -> Receive:
    """Return `receive`, which ends a connection that sends more than was announced; servers check it as well."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > LARGEST_BODY else message

    return receive_limited


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
