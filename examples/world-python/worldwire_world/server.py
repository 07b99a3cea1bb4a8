"""The server: every service on one port, for Connect, gRPC and gRPC-Web, in binary and JSON."""

import argparse
import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

from connectrpc.codec import proto_binary_codec
from connectrpc.server import ConnectASGIApplication
from hypercorn.asyncio import serve
from hypercorn.config import Config

from . import log
from .bodies import Body
from .capabilities import PROJECT_HEADER, Gate, check_call
from .errors import Explain, Refusal
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_connect import EventServiceASGIApplication
from .gen.worldwire.v1.hook_connect import HookServiceASGIApplication
from .gen.worldwire.v1.key_connect import KeyServiceASGIApplication
from .gen.worldwire.v1.queue_connect import QueueServiceASGIApplication
from .gen.worldwire.v1.run_connect import RunServiceASGIApplication
from .gen.worldwire.v1.step_connect import StepServiceASGIApplication
from .gen.worldwire.v1.stream_connect import StreamServiceASGIApplication
from .gen.worldwire.v1.wait_connect import WaitServiceASGIApplication
from .gen.worldwire.v1.world_connect import WorldServiceASGIApplication
from .hooks import Hooks
from .keys import Keys
from .queue import Queue
from .refused import refused
from .runs import Runs
from .state import State, Stopping
from .steps import Steps
from .streams import Streams
from .strict_json import StrictJson
from .waits import Waits
from .world import LIMITS, World


class Application:
    """The ASGI application: one state, and the services that read and change it."""

    def __init__(self) -> None:
        """Begins empty."""
        self._stopping = Stopping()
        state = State()
        queue = Queue(self._stopping)
        streams = Streams(self._stopping)
        self._bells = (state.changed, queue.changed, streams.changed)
        self._routes: dict[str, ConnectASGIApplication[Any]] = {}
        self._mount(WorldServiceASGIApplication, World())
        self._mount(EventServiceASGIApplication, log.Events(state))
        self._mount(RunServiceASGIApplication, Runs(state, log.append, self._stopping))
        self._mount(StepServiceASGIApplication, Steps(state))
        self._mount(HookServiceASGIApplication, Hooks(state))
        self._mount(WaitServiceASGIApplication, Waits())
        self._mount(QueueServiceASGIApplication, queue)
        self._mount(StreamServiceASGIApplication, streams)
        self._mount(KeyServiceASGIApplication, Keys())

    def _mount(self, application: Callable[..., ConnectASGIApplication[Any]], service: Any) -> None:
        """Serves a service under the paths of its methods."""
        served = application(
            service,
            interceptors=[Explain(LIMITS.max_request_bytes), Gate()],
            read_max_bytes=LIMITS.max_request_bytes,
            codecs=[proto_binary_codec(), StrictJson()],
        )
        for method in service.desc().methods:
            self._routes[f"/{service.desc().type_name}/{method.name}"] = served

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request, whatever its protocol."""
        if scope["type"] == "lifespan":
            # The server begins and ends; one service answers to that for all.
            await next(iter(self._routes.values()))(scope, receive, send)
            return
        body = Body(receive, send)
        try:
            service = self._admit(scope["path"], dict(scope["headers"]))
        except Refusal as refusal:
            await refused(refusal, scope, body.receive, body.send)
        else:
            await service(scope, body.receive, body.send)

    def _admit(self, path: str, headers: dict[bytes, bytes]) -> ConnectASGIApplication[Any]:
        """Returns who answers a path, or refuses the call by what its headers say."""
        self._stopping.check()
        method = path.removeprefix("/")[:256]
        if path not in self._routes:
            message = f"this World has no method {method}"
            raise Refusal(ErrorReason.METHOD_NOT_FOUND, message, method=method)
        check_call(method, headers.get(PROJECT_HEADER, b"").decode("latin-1"))
        return self._routes[path]

    def stop(self) -> None:
        """Ends all live calls, and refuses new ones."""
        self._stopping.now = True
        for bell in self._bells:
            bell.ring()


async def run(host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    # Bound here, so that the port is known where the system chooses it.
    listener = socket.create_server((host, port))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    # Clients connect by the hundred, keep connections for long, and send much on each.
    config.backlog = 1_024
    config.keep_alive_timeout = 600
    config.keep_alive_max_requests = 10**9
    config.h2_max_concurrent_streams = 1_000

    application = Application()
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)

    async def stopped() -> None:
        await signalled.wait()
        application.stop()

    print(f"listening on http://{host}:{listener.getsockname()[1]}", flush=True)
    await serve(application, config, shutdown_trigger=stopped, mode="asgi")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m worldwire_world", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7420, help="0 for any that is free")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(options.host, options.port))
