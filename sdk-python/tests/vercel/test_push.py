# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""Deliveries that are posted."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest
from google.protobuf import json_format
from orders import workflows as app
from vercel.workflow import start
from vercel.workflow._internal import runtime
from vercel.workflow._internal import world as sdk

from worldwire import Ack, Retry, WorldClient
from worldwire.v1 import Delivery
from worldwire.vercel import BadSecretError, PushVerifier, on_deployment, use_worldwire
from worldwire.vercel.codec import CBOR, encode_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vercel_harness import Server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers with which Standard Webhooks sign a body."""
    message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


class TestSignatures:
    def test_the_example_of_standard_webhooks(self) -> None:
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        body = b'{"test": 2432232314}'
        verifier = PushVerifier(SECRET)
        assert verifier.accepts(headers, body, now=1614265330)
        assert not verifier.accepts(headers, body + b" ", now=1614265330)
        assert not verifier.accepts(headers, body, now=1614265330 + 301)
        assert not verifier.accepts(headers, body, now=1614265330 - 301)

    def test_one_of_several_signatures_or_secrets_is_enough(self) -> None:
        headers = signed(b"x")
        headers["webhook-signature"] = f"v1a,other v1,AAAA {headers['webhook-signature']}"
        other = f"whsec_{base64.b64encode(b'another key').decode()}"
        assert PushVerifier(f"{other} {SECRET}").accepts(headers, b"x")
        assert not PushVerifier(other).accepts(headers, b"x")

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_nothing_may_be_missing_or_changed(self, name: str) -> None:
        headers = signed(b"x")
        assert not PushVerifier(SECRET).accepts({**headers, name: ""}, b"x")
        assert not PushVerifier(SECRET).accepts({**headers, name: headers[name] + "1"}, b"x")

    @pytest.mark.parametrize("secret", ["whsec_", "abcd", "whsec_*"])
    def test_a_secret_has_its_form(self, secret: str) -> None:
        with pytest.raises(BadSecretError):
            PushVerifier(secret)


async def test_runs_a_workflow_by_posts(server: Server, key: str) -> None:
    """A stranger who holds the queue open posts what comes, as a World with push does."""
    world = use_worldwire(url=server.url, key=key, deployment_id="pushed", push_secret=SECRET)
    prefix = "__wkf_workflow_"
    # Imported before, the application registered with another World.
    runtime.workflow_entrypoint(app.workflows)
    statuses: list[int] = []
    async with (
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=world.asgi), base_url="http://app"
        ) as http,
        WorldClient(url=server.url) as client,
    ):

        async def post(delivery: Delivery, _: object) -> Ack | Retry:
            as_json = len(statuses) % 2 == 0
            body = (
                json_format.MessageToJson(delivery).encode()
                if as_json
                else delivery.SerializeToString()
            )
            kind = "application/json" if as_json else "application/proto"
            answer = await http.post(
                "/", content=body, headers={**signed(body), "content-type": kind}
            )
            statuses.append(answer.status_code)
            return Ack() if answer.is_success else Retry(error=str(answer.status_code))

        consumer = client.consume(post, queue_prefixes=[prefix], deployment_id="pushed")
        with on_deployment("pushed"):
            runs = [await start(app.retried, 1), await start(app.nap, 1)]
        async with asyncio.timeout(60):
            assert [await run.return_value() for run in runs] == [2, "awake"]
        await consumer.stop()
        assert set(statuses) == {204}

        forged = await http.post("/", content=b"x", headers=signed(b"y"))
        assert forged.status_code == 401
        assert (await http.post("/", content=b"", headers=signed(b""))).status_code == 400
        assert (await http.get("/")).status_code == 405
        unknown = Delivery(message_id="msg_1", queue_name=f"{prefix}none", body=b"\xff")
        body = unknown.SerializeToString()
        assert (await http.post("/", content=body, headers=signed(body))).status_code == 503
    await world.aclose()


@dataclass
class Request:
    """What a framework hands to the route of an application."""

    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        for at in range(0, len(self.body), 7):
            yield self.body[at : at + 7]


async def test_the_route_of_the_application_takes_posts_too(server: Server, key: str) -> None:
    world = use_worldwire(url=server.url, key=key, deployment_id="routed", push_secret=SECRET)
    route = runtime.workflow_entrypoint(app.workflows)
    with on_deployment("routed"):
        run = await start(app.sequence, 0)
    message = sdk.WorkflowInvokePayload(run_id=run.run_id)
    delivery = Delivery(
        message_id="msg_1",
        queue_name=f"__wkf_workflow_{app.sequence.workflow_id}",
        body=encode_message(message.model_dump()),
        content_type=CBOR,
        attempt=1,
    )
    body = delivery.SerializeToString()
    assert (await route(Request("/flow", body))).status == 401
    headers = {name.title(): value for name, value in signed(body).items()}
    assert (await route(Request("/flow", body, headers))).status == 204
    assert await run.return_value() == 0
    assert json.loads((await route(Request("/flow?__health"))).body)["healthy"] is True
    await world.aclose()


async def test_lives_as_an_application_of_its_own(server: Server, key: str) -> None:
    world = use_worldwire(url=server.url, key=key, push_secret=SECRET)
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[dict[str, str]] = []

    async def receive() -> dict[str, str]:
        return next(messages)

    async def send(message: dict[str, str]) -> None:
        sent.append(message)

    await world.asgi({"type": "lifespan"}, receive, send)
    assert [one["type"] for one in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_takes_no_posts_without_a_secret(server: Server, key: str) -> None:
    world = use_worldwire(url=server.url, key=key)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=world.asgi)) as http:
        answer = await http.post("http://app/", content=b"x", headers=signed(b"x"))
    assert answer.status_code == 403
