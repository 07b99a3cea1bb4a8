"""One delivery, from the queue to the handler of the SDK and back."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, cast

from google.protobuf import duration_pb2
from vercel.workflow._internal import world as w

from worldwire import Ack, Retry
from worldwire.v1 import queue_pb2

from .codec import decode_message
from .lost_steps import send_lost_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worldwire import DeliveryOutcome

    from .connection import Connection

_MAX_DELAY_SECONDS = 82_800
"""23 hours: longer sleeps chain several messages, as the SDK's own Worlds do."""

_log = logging.getLogger("worldwire.vercel")


async def deliver(
    connection: Connection,
    handlers: Mapping[str, w.QueueHandler],
    delivery: queue_pb2.Delivery,
) -> DeliveryOutcome:
    """Gives a delivery to the handler of its queue, and says what is to become of it."""
    try:
        message = decode_message(delivery.body, delivery.content_type)
        if delivery.attempt > 1:
            await send_lost_steps(connection.client, delivery, message)
        wait = await connection.keys.admit(message)
        if wait is not None:
            return Retry(wait * 1000)
        handler = _handler_of(handlers, delivery.queue_name)
        continuation = await handler(
            message,
            attempt=delivery.attempt,
            queue_name=delivery.queue_name,
            message_id=delivery.message_id,
        )
        if continuation is not None:
            await _send_again(connection, delivery, continuation)
    except Exception as error:  # noqa: BLE001  Whatever a handler raises, its message comes again.
        return _after(error, delivery, sealed=connection.config.keys.encryption)
    return Ack()


def _handler_of(handlers: Mapping[str, w.QueueHandler], queue_name: str) -> w.QueueHandler:
    for prefix, handler in handlers.items():
        if queue_name.startswith(prefix):
            return handler
    raise w.WorkflowWorldError(f"no handler for queue {queue_name}", status=400)


async def _send_again(
    connection: Connection, delivery: queue_pb2.Delivery, wish: w.QueueContinuation
) -> None:
    """Sends the same message once more, before this one is acknowledged.

    A crash between the two sends it twice, and loses none.
    """
    key = wish.idempotency_key
    if key is not None and key == delivery.idempotency_key:
        # It is taken until this very message is acknowledged.
        key = f"{key}:{delivery.message_id}"
    seconds = max(1, math.ceil(min(wish.delay_seconds, _MAX_DELAY_SECONDS)))
    message = queue_pb2.NewMessage(
        queue_name=delivery.queue_name,
        body=delivery.body,
        content_type=delivery.content_type,
        headers=dict(delivery.headers),
        deployment_id=delivery.deployment_id,
        idempotency_key=key,
        delay=duration_pb2.Duration(seconds=seconds),
        run_id=run_id_of(decode_message(delivery.body, delivery.content_type)),
    )
    await connection.client.queue.enqueue(queue_pb2.EnqueueRequest(message=message))


def run_id_of(message: object) -> str:
    """The run that a message wakes: none for a health check, which may name a run that does not exist."""
    fields = cast("dict[str, object]", message) if isinstance(message, dict) else {}
    run_id = fields.get("runId")
    return run_id if isinstance(run_id, str) and not fields.get("__healthCheck") else ""


def _after(error: Exception, delivery: queue_pb2.Delivery, *, sealed: bool) -> DeliveryOutcome:
    """What becomes of a message whose handler failed."""
    causes = _causes(error)
    if all(isinstance(one, w.RunExpiredError) for one in causes):
        _log.debug("message %s is for a run that has ended", delivery.message_id)
        return Ack()
    _log.warning("message %s failed", delivery.message_id, exc_info=error)
    text = type(causes[0]).__name__
    # What user code raised may hold what the run keeps secret.
    if not sealed:
        text = f"{text}: {causes[0]}"
    throttled = [one.retry_after for one in causes if isinstance(one, w.ThrottleError)]
    after_ms = max((seconds or 1) * 1000 for seconds in throttled) if throttled else None
    return Retry(after_ms, error=text)


def _causes(error: BaseException) -> list[BaseException]:
    """The errors within groups: the SDK writes several events at a time."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return [cause for one in group.exceptions for cause in _causes(one)]
    return [error]
