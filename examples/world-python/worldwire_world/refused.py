"""Answers a request with a refusal before its body is read, in the caller's own protocol."""

from collections.abc import AsyncIterator
from typing import Any

from connectrpc.interceptor import MetadataInterceptor
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from protobuf.wkt import Empty

from .errors import Refusal

_METHOD = MethodInfo(
    name="",
    service_name="",
    input=Empty,
    output=Empty,
    idempotency_level=IdempotencyLevel.UNKNOWN,
    stream_type=StreamType.UNARY,
)


class _Raise(MetadataInterceptor[None]):
    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal

    async def on_start(self, ctx: RequestContext) -> None:
        raise self._refusal


class _Application(ConnectASGIApplication[None]):
    def __init__(self, path: str, endpoint: Any, refusal: Refusal) -> None:
        interceptors = [_Raise(refusal)]
        super().__init__(
            service=None, endpoints=lambda _: {path: endpoint}, interceptors=interceptors
        )

    @property
    def path(self) -> str:
        return ""


async def _unary(_request: Empty, _ctx: RequestContext, /) -> Empty:
    return Empty()


async def _stream(_request: Empty, _ctx: RequestContext, /) -> AsyncIterator[Empty]:
    yield Empty()


async def refused(refusal: Refusal, scope: Any, receive: Any, send: Any) -> None:
    """Answers a request. The RPC library knows how each protocol tells an error."""
    content_type = dict(scope["headers"]).get(b"content-type", b"")
    endpoint = Endpoint.unary(_METHOD, _unary)
    if content_type.startswith(b"application/connect+"):
        endpoint = Endpoint.server_stream(_METHOD, _stream)
    elif not content_type.startswith(b"application/grpc"):
        # Whatever else it is, such as a browser's GET, is answered as a call in JSON.
        scope = {
            **scope,
            "method": "POST",
            "headers": [(b"content-type", b"application/json")],
        }
    await _Application(scope["path"], endpoint, refusal)(scope, receive, send)
