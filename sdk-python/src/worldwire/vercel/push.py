"""Deliveries that the World posts, signed as Standard Webhooks are.

The body of a post is a `Delivery` of the protocol, in the binary form or in JSON by its content type. Any status from
200 to 299 acknowledges it; any other one lets it come again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from vercel.workflow._internal import world as w

from worldwire import Ack
from worldwire.v1 import queue_pb2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from worldwire import DeliveryOutcome

    Deliver = Callable[[queue_pb2.Delivery], Awaitable[DeliveryOutcome]]
    Scope = Mapping[str, Any]
    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

TOLERANCE_SECONDS = 300
"""How far the time of a post may be from ours; Standard Webhooks recommend five minutes."""

_SECRET_PREFIX = "whsec_"  # noqa: S105  The form of a secret, and none itself.
_SCHEME = "v1"
_MAX_BODY_BYTES = 64 * 1024 * 1024


class BadSecretError(ValueError):
    """A secret is not `whsec_` and base64."""


class PushVerifier:
    """Tells the World's posts from others by the secret that registering the endpoint returned.

    Args:
        secrets: One secret or, while they are changed, several with spaces between.

    """

    def __init__(self, secrets: str) -> None:
        self._keys = [_key_of(secret) for secret in secrets.replace(",", " ").split()]

    def accepts(self, headers: Mapping[str, str], body: bytes, *, now: float | None = None) -> bool:
        """Whether a post is the World's, and of these minutes. Header names are in lower case."""
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        if not message_id or not timestamp.isascii() or not timestamp.isdigit():
            return False
        if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
            return False
        signed = f"{message_id}.{timestamp}.".encode() + body
        given = [
            value.encode()
            for scheme, _, value in (
                one.partition(",") for one in headers.get("webhook-signature", "").split()
            )
            if scheme == _SCHEME
        ]
        made = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in self._keys]
        return any(hmac.compare_digest(one, other) for one in made for other in given)


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_SECRET_PREFIX) or not key:
        raise BadSecretError("a push secret has the form whsec_<base64>")
    return key


async def answer_push(
    verifier: PushVerifier | None,
    deliver: Deliver,
    headers: Mapping[str, str],
    body: bytes,
) -> w.HTTPResponse:
    """Answers a post: 204 where the delivery is done, 503 where it is to come again, 4xx where it is none."""
    if verifier is None:
        return _refuse(
            403, "deliveries are pulled from the World; give a push secret to take posts"
        )
    if not verifier.accepts(headers, body):
        return _refuse(401, "the signature is not the World's")
    delivery = _parse(headers.get("content-type", ""), body)
    if delivery is None:
        return _refuse(400, "the body is no delivery")
    outcome = await deliver(delivery)
    if isinstance(outcome, Ack):
        return w.HTTPResponse(204, b"", {})
    response = _refuse(503, "the delivery is to come again")
    if outcome.after_ms is not None:
        response.headers["retry-after"] = str(max(1, round(outcome.after_ms / 1000)))
    return response


def _parse(content_type: str, body: bytes) -> queue_pb2.Delivery | None:
    try:
        if "json" in content_type:
            delivery = json_format.Parse(body, queue_pb2.Delivery(), ignore_unknown_fields=True)
        else:
            delivery = queue_pb2.Delivery.FromString(body)
    except (json_format.ParseError, DecodeError, UnicodeDecodeError):
        return None
    return delivery if delivery.message_id and delivery.queue_name else None


def _refuse(status: int, error: str) -> w.HTTPResponse:
    return w.HTTPResponse.json({"error": error}, status=status)


class PushApp:
    """An ASGI application that takes posts; mount it where the endpoint was registered."""

    def __init__(
        self,
        answer: Callable[[Mapping[str, str], bytes], Awaitable[w.HTTPResponse]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._answer = answer
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _send_response(send, await self._handle(scope, receive))

    async def _handle(self, scope: Scope, receive: Receive) -> w.HTTPResponse:
        if scope["method"] != "POST":
            return w.HTTPResponse(405, b"", {"allow": "POST"})
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        body = await _read_body(receive)
        if body is None:
            return _refuse(413, "the body is too large")
        return await self._answer(headers, body)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._close()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _read_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > _MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send_response(send: Send, response: w.HTTPResponse) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
