"""Who may talk to the viewer: only pages that it served itself, to a browser that was given the token.

Every request needs the token, in the address that is opened first and in a cookie from then on. A page from elsewhere
cannot use that cookie: requests with a foreign Origin are refused, and so is any Host name that is not this computer's,
which a foreign page could otherwise point here.
"""

import ipaddress
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

_PAGES = {"/", "/index.html"}
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws://{host} wss://{host} "
    "data: blob:; frame-ancestors 'none'; form-action 'none'"
)
_CLOSED = (
    "<!doctype html><title>livetomo</title><body style='background:#0b0e13;color:#dfe6ee;font:20px sans-serif;"
    "display:grid;place-items:center;height:90vh'><p>Please open the address that livetomo printed: it ends in a key."
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(token: str, host: str) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Make the middleware that lets only the right requests pass.

    Parameters
    ----------
    token
        What the browser must show.
    host
        Address the server listens on; on a loopback address only loopback names are answered.
    """
    only_loopback = _is_loopback(host)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (only_loopback and not _is_loopback(_host_name(request.host))) or not _is_own_origin(request):
            raise web.HTTPForbidden(text="This page may not talk to livetomo.")
        cookie = f"livetomo-{request.host.rpartition(':')[2]}"
        given = request.query.get("secret", "")
        if not any(secrets.compare_digest(token, value) for value in (given, request.cookies.get(cookie, ""))):
            raise web.HTTPForbidden(text=_CLOSED, content_type="text/html")
        if request.path in _PAGES and not given:  # the page's own script reads the token from its address
            raise web.HTTPFound(f"/index.html?secret={token}")
        response = await handler(request)
        if request.path in _PAGES:
            response.set_cookie(cookie, token, httponly=True, samesite="Strict")
            response.headers["Content-Security-Policy"] = _POLICY.format(host=request.host)
            response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return check


def _is_own_origin(request: web.Request) -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


def _host_name(host: str) -> str:
    return host.rpartition(":")[0].strip("[]") if ":" in host else host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
