"""Real peers for deliveries: a mail server and an HTTP receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from xunzhi.web.configuration import Configuration


class MailServer:
    """Takes mail; refuses the next `refuse` messages."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.refuse = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse > 0:
            self.refuse -= 1
            return "451 try again later"
        self.received.append(envelope)
        return "250 taken"


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server, and settings that send there."""
    server = MailServer()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield server
    asyncio.run_coroutine_threadsafe(_hung_up(), controller.loop).result(timeout=10)
    controller.stop()


async def _hung_up() -> None:
    """Wait until the server has closed its end of every connection: stopped before, it leaves open sockets behind."""
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)


class Receiver:
    """Takes messages by HTTP; answers `status`."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.received.append({"path": self.path, **json.loads(body)})
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An HTTP receiver, as a WeCom or DingTalk robot is one."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[..., None]:
    """Say what settings.toml says: `configure(channels={...})`; it names no mail server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    def say(**said: Any) -> None:
        configuration = Configuration.model_validate(said)
        for module in ("preferences", "senders"):
            monkeypatch.setattr(f"xunzhi.web.work.{module}.configuration", lambda: configuration)

    return say
