"""An HTTP server for browsers on this computer."""

from __future__ import annotations

import logging
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import unquote, urlsplit

from .web_site import Site

ADDRESS: Final = "127.0.0.1"

_log: Final = logging.getLogger("arora.web")

# Python in the page compiles WebAssembly and evaluates this package's JavaScript. Nothing is loaded from elsewhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class SiteServer(ThreadingHTTPServer):
    """Serve one site on the loopback address. Port 0 picks a free port."""

    daemon_threads = True

    def __init__(self, site: Site, port: int = 0) -> None:
        self.site = site
        super().__init__((ADDRESS, port), _Handler)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what failed while answering a request, a closed connection only at DEBUG."""
        disconnected = isinstance(sys.exc_info()[1], ConnectionError)
        _log.log(logging.DEBUG if disconnected else logging.ERROR, "a request failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    protocol_version = "HTTP/1.1"
    server_version = "arora"
    sys_version = ""

    def do_GET(self) -> None:
        self._respond(with_content=True)

    def do_HEAD(self) -> None:
        self._respond(with_content=False)

    def _respond(self, *, with_content: bool) -> None:
        if not self._has_own_host():
            self.send_error(HTTPStatus.FORBIDDEN, explain="This page is for browsers on the same computer.")
            return
        resource = self.server.site.resources.get(unquote(urlsplit(self.path).path))
        if resource is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            content = resource.read()
        except OSError as error:
            self.send_error(HTTPStatus.NOT_FOUND, explain=error.strerror)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", resource.media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        if with_content:
            self._write(content)

    def _write(self, content: bytes) -> None:
        try:
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True  # browsers disconnect when a page is reloaded

    def _has_own_host(self) -> bool:
        # DNS rebinding: another page's name can resolve to this address. The Host header then has that name.
        host = self.headers.get("Host", "")
        return host in {f"{name}:{self.server.server_port}" for name in (ADDRESS, "localhost")}

    def log_message(self, format: str, *args: object) -> None:
        _log.debug("%s %s", self.client_address[0], format % args)
