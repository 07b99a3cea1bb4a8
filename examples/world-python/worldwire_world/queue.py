"""The queue: messages that are leased to consumers until they are acknowledged."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from connectrpc.request import RequestContext
from protobuf.wkt import Duration

from .checks import MAX_NAME_LENGTH, check_count, check_id, check_name, check_size, check_text
from .errors import Refusal, invalid
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.queue_connect import QueueService
from .gen.worldwire.v1.queue_pb import (
    Delivery,
    EnqueueRequest,
    EnqueueResponse,
    Extend,
    NewMessage,
    ReceiveRequest,
    ReceiveResponse,
    Retry,
    Settlement,
    SettleRequest,
    SettleResponse,
    SettleResult,
)
from .ids import new_id
from .state import Bell, Stopping, given
from .times import millis, now_ms, span, timestamp
from .world import LIMITS

_MAX_DELAY_MS = millis(LIMITS.max_delay) if LIMITS.max_delay else 0
_DEFAULT_LEASE_MS = 30_000
_MAX_LEASE_MS = 3_600_000
_MAX_DELIVERIES = 100
_GRACE_MS = 2_000
_SIGN_OF_LIFE_MS = 5_000
_BATCH_BYTES = 4 * 1024 * 1024


@dataclass(eq=False)
class Consumer:
    """One open Receive."""

    request: ReceiveRequest
    lease_ms: int
    lost: bool = False
    """Whether it let a lease run out, or attached anew elsewhere."""

    def wants(self, message: NewMessage) -> bool:
        """Whether a message is for this consumer."""
        return message.deployment_id in ("", self.request.deployment_id) and any(
            message.queue_name.startswith(prefix) for prefix in self.request.queue_prefixes
        )


@dataclass
class Lease:
    """A delivery that is not settled."""

    lease_id: str
    consumer: Consumer
    expires_at: int


@dataclass
class Stored:
    """A message that is not acknowledged."""

    message_id: str
    message: NewMessage
    enqueued_at: int
    visible_at: int
    attempt: int = 0
    lease: Lease | None = None

    @property
    def key(self) -> tuple[str, str] | None:
        """What no second message may have, or None."""
        key = given(self.message, "idempotency_key")
        return None if key is None else (self.message.queue_name, key)


@dataclass
class Messages:
    """All messages, and the rules of their delivery. Times are in milliseconds."""

    by_id: dict[str, Stored] = field(default_factory=dict)
    by_key: dict[tuple[str, str], Stored] = field(default_factory=dict)
    by_lease: dict[str, Stored] = field(default_factory=dict)
    changed: Bell = field(default_factory=Bell)

    def enqueue(self, message: NewMessage, delay_ms: int, now: int) -> tuple[Stored, bool]:
        """Adds a message, or returns the one that stands for it, and whether it does."""
        stored = Stored(new_id("msg"), message, now, now + delay_ms)
        if stored.key is not None:
            standing = self.by_key.setdefault(stored.key, stored)
            if standing is not stored:
                return standing, True
        self.by_id[stored.message_id] = stored
        self.changed.ring()
        return stored, False

    def lease(self, consumer: Consumer, now: int) -> list[Delivery]:
        """Leases what is due to a consumer, as far as its credit goes."""
        self.expire(now)
        credit = (consumer.request.max_in_flight or 100) - len(self._held_by(consumer))
        leased: list[Delivery] = []
        size = 0
        for stored in self._ready_for(consumer, now):
            if credit <= 0 or size > _BATCH_BYTES:
                break
            stored.attempt += 1
            stored.lease = Lease(new_id("lease"), consumer, now + consumer.lease_ms)
            self.by_lease[stored.lease.lease_id] = stored
            leased.append(_delivery(stored, stored.lease))
            credit -= 1
            size += len(stored.message.body)
        return leased

    def due_at(self, consumer: Consumer) -> int | None:
        """When time alone may change what a consumer can be given."""
        times = [
            stored.lease.expires_at if stored.lease else stored.visible_at
            for stored in self.by_id.values()
            if consumer.wants(stored.message)
        ]
        # With its credit used up, only the end of a lease matters.
        held = [held.lease.expires_at for held in self._held_by(consumer) if held.lease]
        full = len(held) >= (consumer.request.max_in_flight or 100)
        return min(held if full else times + held, default=None)

    def settle(self, settlement: Settlement, now: int) -> SettleResult:
        """Takes the action on a delivery whose lease is held, and on no other."""
        self.expire(now)
        stored = self.by_lease.get(settlement.lease_id)
        if stored is None or stored.lease is None or settlement.action is None:
            return SettleResult(settled=False)
        match settlement.action.value:
            case Extend(lease=lease):
                stored.lease.expires_at = now + _lease_ms(lease)
                self.changed.ring()
                expires_at = timestamp(stored.lease.expires_at)
                return SettleResult(settled=True, lease_expires_at=expires_at)
            case Retry() as retry:
                self._return(stored)
                if retry.error == "":
                    stored.attempt = 0
                elif stored.attempt >= _MAX_DELIVERIES:
                    self._remove(stored)
                backoff = 1_000 * 2 ** min(6, max(0, stored.attempt - 1))
                stored.visible_at = now + span("delay", retry.delay, backoff, 0, _MAX_DELAY_MS)
            case _:
                self._return(stored)
                self._remove(stored)
        self.changed.ring()
        return SettleResult(settled=True)

    def release(self, consumer: Consumer, now: int) -> None:
        """Lets what an ended consumer holds come back soon, and not before it could be settled."""
        for stored in self._held_by(consumer):
            if stored.lease:
                stored.lease.expires_at = min(stored.lease.expires_at, now + _GRACE_MS)
        self.changed.ring()

    def expire(self, now: int) -> None:
        """Takes back what was neither settled nor extended in time."""
        for stored in list(self.by_lease.values()):
            if stored.lease and stored.lease.expires_at <= now:
                stored.lease.consumer.lost |= stored.lease.consumer.request.instance_id != ""
                self._return(stored)
                stored.visible_at = now
                if stored.attempt >= _MAX_DELIVERIES:
                    self._remove(stored)
                self.changed.ring()

    def _ready_for(self, consumer: Consumer, now: int) -> list[Stored]:
        """What is due, oldest first, in turns from each queue: no queue holds up another."""
        ready = [
            stored
            for stored in self.by_id.values()
            if not stored.lease and stored.visible_at <= now and consumer.wants(stored.message)
        ]
        ready.sort(key=lambda stored: stored.visible_at)
        turns: Counter[str] = Counter()
        ranked: list[tuple[int, Stored]] = []
        for stored in ready:
            turns[stored.message.queue_name] += 1
            ranked.append((turns[stored.message.queue_name], stored))
        ranked.sort(key=lambda turn: turn[0])
        return [stored for _, stored in ranked]

    def _held_by(self, consumer: Consumer) -> list[Stored]:
        return [s for s in self.by_lease.values() if s.lease and s.lease.consumer is consumer]

    def _return(self, stored: Stored) -> None:
        if stored.lease:
            del self.by_lease[stored.lease.lease_id]
            stored.lease = None

    def _remove(self, stored: Stored) -> None:
        """Forgets a message and its key: the same key may be sent again."""
        del self.by_id[stored.message_id]
        if stored.key is not None:
            del self.by_key[stored.key]


def _delivery(stored: Stored, lease: Lease) -> Delivery:
    message = stored.message
    return Delivery(
        message_id=stored.message_id,
        lease_id=lease.lease_id,
        attempt=stored.attempt,
        queue_name=message.queue_name,
        body=message.body,
        content_type=message.content_type,
        headers=message.headers,
        deployment_id=message.deployment_id,
        enqueued_at=timestamp(stored.enqueued_at),
        lease_expires_at=timestamp(lease.expires_at),
        idempotency_key=given(message, "idempotency_key"),
    )


class Queue(QueueService):
    """QueueService."""

    def __init__(self, stopping: Stopping) -> None:
        """Begins with no message."""
        self._stopping = stopping
        self._messages = Messages()
        self._consumers: set[Consumer] = set()

    @property
    def changed(self) -> Bell:
        """Rings when a delivery may have become possible."""
        return self._messages.changed

    async def enqueue(self, request: EnqueueRequest, _ctx: RequestContext, /) -> EnqueueResponse:
        """Sends one message."""
        message = request.message
        if message is None:
            raise invalid("message", "is required")
        check_name("queue_name", message.queue_name)
        check_text("content_type", message.content_type)
        check_text("deployment_id", message.deployment_id)
        if message.run_id:
            check_id("run_id", message.run_id)
        if message.has_field("idempotency_key"):
            check_name("idempotency_key", message.idempotency_key)
        for name, value in message.headers.items():
            check_name("headers", name)
            check_text("headers", value, 8 * MAX_NAME_LENGTH)
        check_size(len(message.body))
        delay = span("delay", message.delay, 0, 0, _MAX_DELAY_MS)
        stored, deduplicated = self._messages.enqueue(message, delay, now_ms())
        return EnqueueResponse(message_id=stored.message_id, deduplicated=deduplicated)

    async def settle(self, request: SettleRequest, _ctx: RequestContext, /) -> SettleResponse:
        """Acknowledges deliveries, sends them back, or extends their leases."""
        check_count("settlements", len(request.settlements), 1_000)
        for settlement in request.settlements:
            _check_settlement(settlement)
        now = now_ms()
        return SettleResponse(results=[self._messages.settle(s, now) for s in request.settlements])

    async def receive(
        self, request: ReceiveRequest, _ctx: RequestContext, /
    ) -> AsyncIterator[ReceiveResponse]:
        """Hands out messages for as long as the caller reads."""
        consumer = self._attach(request)
        try:
            sent_at = now_ms()
            yield ReceiveResponse()
            while True:
                self._stopping.check()
                now = now_ms()
                self._messages.expire(now)
                if consumer.lost:
                    raise Refusal(ErrorReason.UNAVAILABLE, "the consumer was lost: attach again")
                deliveries = self._messages.lease(consumer, now)
                if deliveries or now - sent_at >= _SIGN_OF_LIFE_MS:
                    sent_at = now
                    yield ReceiveResponse(deliveries=deliveries)
                    continue
                wake_at = sent_at + _SIGN_OF_LIFE_MS
                due_at = self._messages.due_at(consumer)
                wake_at = wake_at if due_at is None else min(wake_at, due_at)
                await self._messages.changed.wait((wake_at - now) / 1000)
        finally:
            self._consumers.discard(consumer)
            self._messages.release(consumer, now_ms())

    def _attach(self, request: ReceiveRequest) -> Consumer:
        check_count("queue_prefixes", len(request.queue_prefixes), 32)
        for prefix in request.queue_prefixes:
            check_name("queue_prefixes", prefix)
        for name in ("deployment_id", "environment", "consumer_id", "instance_id"):
            check_text(name, getattr(request, name))
        if not 0 <= request.max_in_flight <= 10_000:
            raise invalid("max_in_flight", "must be 1 to 10,000")
        consumer = Consumer(request, _lease_ms(request.lease))
        for before in self._consumers:
            if request.instance_id and before.request.instance_id == request.instance_id:
                before.lost = True
                self._messages.release(before, now_ms())
        self._consumers.add(consumer)
        return consumer


def _check_settlement(settlement: Settlement) -> None:
    check_id("lease_id", settlement.lease_id)
    match settlement.action.value if settlement.action else None:
        case None:
            raise invalid("action", "is required")
        case Extend(lease=lease):
            _lease_ms(lease)
        case Retry(delay=delay):
            span("delay", delay, 0, 0, _MAX_DELAY_MS)
        case _:
            pass


def _lease_ms(lease: Duration | None) -> int:
    return span("lease", lease, _DEFAULT_LEASE_MS, 1_000, _MAX_LEASE_MS)
