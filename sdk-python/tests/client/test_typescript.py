"""The clients for Python and TypeScript give the same answers to the same World."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

import pytest
from client_world import Scripted, Seen, Wire, end_of_stream, envelope, error_json, scripted
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from worldwire import RetryOptions, WorldClient, WorldError, v1
from worldwire.codes import HTTP_STATUS
from worldwire.protocol import ERROR_RULES
from worldwire.sync.portal import Portal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

# One process answers all examples of a test, and none of them changes it.
examples = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Outcome: TypeAlias = dict[str, Any]
BUDGET_MS = 10_000


class Peers:
    """Both clients, and the World that they are told apart by."""

    def __init__(self) -> None:
        self._portal = Portal()
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("peer.mjs"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(
        self,
        answer: Callable[[int, Seen, Wire], Awaitable[None]],
        requests_of: Callable[[Seen], object],
        **what: Any,
    ) -> Outcome:
        """What one call gives, with the requests that it made; the same for both."""
        in_python = self._run(answer, requests_of, what, lambda url: self._python(url, what))
        in_node = self._run(answer, requests_of, what, lambda url: self._node(url, what))
        assert in_python == in_node
        return in_python

    def _run(
        self,
        answer: Callable[[int, Seen, Wire], Awaitable[None]],
        requests_of: Callable[[Seen], object],
        what: dict[str, Any],
        call: Callable[[str], Outcome],
    ) -> Outcome:
        async def numbered(seen: Seen, wire: Wire) -> None:
            await answer(len(world.seen) - 1, seen, wire)

        serving = scripted(numbered)
        world: Scripted = self._portal.run(serving.__aenter__())
        try:
            outcome = call(world.url)
        finally:
            self._portal.run(serving.__aexit__(None, None, None))
        return {**outcome, "requests": [requests_of(seen) for seen in world.seen]}

    def _node(self, url: str, what: dict[str, Any]) -> Outcome:
        requests = cast("IO[str]", self._process.stdin)
        answers = cast("IO[str]", self._process.stdout)
        requests.write(json.dumps({"url": url, "budgetMs": BUDGET_MS, **what}) + "\n")
        requests.flush()
        return json.loads(answers.readline())

    def _python(self, url: str, what: dict[str, Any]) -> Outcome:
        return self._portal.run(act(url, **what))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._portal.close()


async def act(
    url: str, *, call: str, start_index: int = 0, cursor: str = "", limit: int = 0, **_: object
) -> Outcome:
    retry = RetryOptions(budget_ms=BUDGET_MS, initial_delay_ms=1, max_delay_ms=2)
    gave: list[Any] = []
    async with WorldClient(url=url, retry=retry, on_status=lambda _: None) as client:
        try:
            match call:
                case "read":
                    async for chunk in client.read_stream("r", "s", start_index=start_index):
                        gave.append([chunk.index, chunk.data.decode()])
                case "watch":
                    async for event in client.watch_events("r", after_position=start_index):
                        gave.append(event.position)
                case "list":
                    page = v1.PageRequest(cursor=cursor, limit=limit)
                    async for name in client.list_streams(
                        v1.ListStreamsRequest(run_id="r", page=page)
                    ):
                        gave.append(name)
                case _:
                    await CALLS[call](client)
        except WorldError as error:
            delay = error.retry_delay
            facts = {
                "code": error.code,
                "reason": error.reason,
                "metadata": dict(error.metadata),
                "retryable": error.retryable,
                "retryAfterMs": None if delay is None else delay.total_seconds() * 1000,
                "upstreamClass": error.upstream_class,
                "upstreamStatus": error.upstream_status,
            }
            return {"gave": gave, "error": facts}
    return {"gave": gave, "error": None}


CALLS: dict[str, Callable[[WorldClient], Awaitable[object]]] = {
    "getRun": lambda c: c.runs.get_run(v1.GetRunRequest(run_id="r")),
    "enqueue": lambda c: c.queue.enqueue(v1.EnqueueRequest(message=v1.NewMessage(queue_name="q"))),
    "append": lambda c: c.streams.append(v1.AppendRequest(name="s")),
    "appendAs": lambda c: c.streams.append(v1.AppendRequest(name="s", writer_id="w")),
    "revive": lambda c: c.queue.revive_messages(v1.ReviveMessagesRequest()),
    "settle": lambda c: c.queue.settle(v1.SettleRequest()),
}


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    made = Peers()
    yield made
    made.close()


@dataclass(frozen=True)
class Refusal:
    """An answer that is an error, in the protocol's form or in none."""

    status: int
    body: bytes
    kind: str


codes = st.sampled_from(sorted(HTTP_STATUS))
reasons = st.sampled_from([None, "OF_A_NEWER_WORLD", *sorted(ERROR_RULES)])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def refusals(draw: st.DrawFn) -> Refusal:
    status = draw(st.sampled_from([400, 401, 403, 404, 408, 409, 418, 429, 500, 502, 503, 504]))
    form = draw(st.sampled_from(["connect", "connect", "connect", "html", "broken", "no code"]))
    if form == "html":
        return Refusal(status, b"<p>no</p>", "text/html")
    if form == "broken":
        return Refusal(status, b'{"code": "not_', "application/json")
    if form == "no code":
        return Refusal(status, b'{"message": "no"}', "application/json")
    code = draw(codes)
    reason = draw(reasons)
    metadata = draw(st.dictionaries(texts, texts, max_size=2))
    retry_ms = draw(st.none() | st.integers(0, 20))
    body = error_json(code, reason, metadata=metadata, retry_ms=retry_ms)
    return Refusal(HTTP_STATUS[code], json.dumps(body).encode(), "application/json")


@examples
@given(
    call=st.sampled_from(sorted(CALLS)),
    refused=st.lists(st.none() | refusals(), min_size=1, max_size=3),
)
def test_refusals_and_cuts_mean_the_same(
    peers: Peers, call: str, refused: list[Refusal | None]
) -> None:
    async def answer(nth: int, seen: Seen, wire: Wire) -> None:
        refusal = refused[nth] if nth < len(refused) else Refusal(200, b"", "application/proto")
        if refusal is None:
            wire.cut()
        else:
            await wire.send(refusal.status, refusal.kind, refusal.body)

    def request_of(seen: Seen) -> object:
        if call != "enqueue":
            return seen.method
        ids.append(seen.message(v1.EnqueueRequest).request_id)
        return seen.method, ids[-1] != ""

    ids: list[str] = []
    outcome = peers.ask(answer, request_of, call=call)
    if call == "enqueue":
        # One id for each of both calls, whatever was repeated.
        assert len(set(ids)) == 2
    assert len(outcome["requests"]) <= len(refused) + 1


@dataclass(frozen=True)
class Attempt:
    """One connection of a live read: messages, and how it ends."""

    messages: list[list[int]]
    """Offsets from the index that was asked for."""
    end: str


attempts = st.lists(
    st.builds(
        Attempt,
        st.lists(
            st.lists(st.integers(-2, 6), max_size=3)
            | st.integers(-1, 1).map(lambda first: list(range(first, first + 3))),
            max_size=4,
        ),
        st.sampled_from(["cut", "neat", "whole", "done", "UNAVAILABLE", "STREAM_EXPIRED", "none"]),
    ),
    max_size=4,
)


async def play(
    nth: int, script: list[Attempt], first: int, wire: Wire, message: Callable[[list[int]], bytes]
) -> str:
    """Plays one attempt, and returns how it is to end."""
    attempt = script[nth] if nth < len(script) else Attempt([[0]], "done")
    if attempt.end == "none":
        wire.cut()
        return "none"
    await wire.begin()
    for offsets in attempt.messages:
        await wire.piece(message([index for o in offsets if (index := first + o) >= 0]))
    return attempt.end


async def finish(end: str, wire: Wire) -> None:
    if end == "cut":
        wire.cut()
    if end in ("cut", "none"):
        return
    if end in ("UNAVAILABLE", "STREAM_EXPIRED"):
        code = ERROR_RULES[end].code
        await wire.piece(end_of_stream(error_json(code, end)))
    elif end != "neat":
        await wire.piece(end_of_stream())
    await wire.end()


@examples
@given(start=st.integers(-3, 3), script=attempts)
@example(start=-1, script=[Attempt([[]], "cut"), Attempt([[0, 1]], "neat")])
def test_live_reads_of_streams_are_the_same(
    peers: Peers, start: int, script: list[Attempt]
) -> None:
    def message(indexes: list[int]) -> bytes:
        chunks = [v1.Chunk(index=index, data=b"%d" % index) for index in indexes]
        return envelope(v1.ReadResponse(chunks=chunks, next_index=4))

    async def answer(nth: int, seen: Seen, wire: Wire) -> None:
        asked = seen.message(v1.ReadRequest).start_index
        end = await play(nth, script, asked if asked >= 0 else 4, wire, message)
        if end == "done":
            await wire.piece(envelope(v1.ReadResponse(done=True)))
        await finish(end, wire)

    peers.ask(
        answer,
        lambda seen: seen.message(v1.ReadRequest).start_index,
        call="read",
        start_index=start,
        startIndex=start,
    )


@examples
@given(after=st.integers(0, 3), script=attempts)
def test_watched_logs_are_the_same(peers: Peers, after: int, script: list[Attempt]) -> None:
    def message(positions: list[int]) -> bytes:
        events = [v1.Event(position=position) for position in positions]
        return envelope(v1.WatchEventsResponse(events=events))

    async def answer(nth: int, seen: Seen, wire: Wire) -> None:
        asked = seen.message(v1.WatchEventsRequest).after_position
        await finish(await play(nth, script, asked + 1, wire, message), wire)

    peers.ask(
        answer,
        lambda seen: seen.message(v1.WatchEventsRequest).after_position,
        call="watch",
        start_index=after,
        startIndex=after,
    )


pages = st.lists(
    st.tuples(st.lists(texts, max_size=3), st.sampled_from(["", "a", "b", "c"]), st.booleans()),
    min_size=1,
    max_size=5,
)


@examples
@given(cursor=st.sampled_from(["", "a"]), limit=st.integers(0, 5), script=pages)
def test_lists_are_the_same(
    peers: Peers, cursor: str, limit: int, script: list[tuple[list[str], str, bool]]
) -> None:
    async def answer(nth: int, seen: Seen, wire: Wire) -> None:
        names, then, more = script[nth] if nth < len(script) else ([], "", False)
        page = v1.PageInfo(cursor=then, has_more=more)
        await wire.answer(v1.ListStreamsResponse(names=names, page=page))

    def request_of(seen: Seen) -> object:
        page = seen.message(v1.ListStreamsRequest).page
        return page.cursor, page.limit

    peers.ask(answer, request_of, call="list", cursor=cursor, limit=limit)
