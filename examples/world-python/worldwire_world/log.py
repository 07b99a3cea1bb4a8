"""The log, and its one rule: an event and all that follows from it are one commit."""

from collections.abc import Iterable, Iterator

from connectrpc.request import RequestContext

from . import hooks, runs, steps, waits
from .checks import check_id, check_size, check_text
from .errors import Refusal, invalid
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_connect import EventService
from .gen.worldwire.v1.event_pb import (
    CreateEventRequest,
    CreateEventResponse,
    Event,
    EventType,
    GetEventRequest,
    GetEventResponse,
    ListEventsByCorrelationRequest,
    ListEventsByCorrelationResponse,
    ListEventsRequest,
    ListEventsResponse,
    NewEvent,
)
from .ids import new_id
from .pages import page
from .payloads import payload_bytes, shown, wants_payloads
from .state import Change, Command, LiveHook, Rule, RunRecord, State, given, number_of
from .times import kept, now_ms, timestamp
from .world import LIMITS, MAX_SPEC_VERSION, MIN_SPEC_VERSION

RULES: dict[str, Rule] = {**runs.RULES, **steps.RULES, **hooks.RULES, **waits.RULES}
"""The rule of each event, by the name of its member in NewEvent."""


def append(state: State, run_id: str, event: NewEvent) -> CreateEventResponse:
    """Decides an event and commits what follows. Nothing is changed by one that is refused.

    There is no await between the look at the state and the change to it, so no other call comes
    between them. With a database, this function is the transaction.
    """
    record = state.runs.get(run_id)
    command = Command(run_id, event, _spec_version(event, record), timestamp(now_ms()))
    name = _name(event)
    _check(name, command)
    change = RULES[name](state, command)
    if record is not None and change.run is None:
        _check_room(record, len(change.events))
    events = _commit(state, command, change)
    response = CreateEventResponse(
        event=events[-1] if events else None,
        step=change.step,
        hook=change.hook,
        wait=change.wait,
    )
    if name.startswith("run_"):
        response.run = state.runs[run_id].run
        response.max_events = LIMITS.max_events
    return response


def _commit(state: State, command: Command, change: Change) -> list[Event]:
    """Makes a change. The only place where runs and their entities change."""
    record = state.runs.get(command.run_id)
    if record is None:
        if change.run is None:
            raise AssertionError("only an event that creates a run can change an absent one")
        record = state.runs[command.run_id] = RunRecord(change.run)
    events = [
        Event(
            event_id=f"evnt_{next(state.numbers):026d}",
            run_id=command.run_id,
            correlation_id=command.entity,
            spec_version=command.spec_version,
            created_at=command.at,
            occurred_at=kept("event.occurred_at", command.event.occurred_at),
            resume_id=given(command.event, "resume_id"),
            compute_instance_id=given(command.event, "compute_instance_id"),
            trace_request_id=given(command.event, "trace_request_id"),
            data=data,
        )
        for data in change.events
    ]
    record.events.extend(events)
    if change.run is not None:
        record.run = change.run
    if change.step is not None:
        record.steps[command.entity] = change.step
    if change.wait is not None:
        record.waits[command.entity] = change.wait
    if change.hook is not None:
        live = LiveHook(number_of(events[-1]), change.hook)
        record.hooks[command.entity] = state.tokens[change.hook.token] = live
    if change.hook_gone:
        _release(state, record, command.entity)
    if record.ended:
        # The end of a run releases its tokens and removes its waits, in the same commit.
        for hook_id in record.hooks:
            _release(state, record, hook_id)
        record.waits.clear()
    if events:
        state.changed.ring()
    return events


def _release(state: State, record: RunRecord, hook_id: str) -> None:
    """Frees the token of a hook, if it holds one. The id stays used."""
    live = record.hooks.get(hook_id)
    if live is not None:
        del state.tokens[live.hook.token]
    record.hooks[hook_id] = None


def _name(event: NewEvent) -> str:
    if event.data is None or event.data.field not in RULES:
        raise Refusal(ErrorReason.EVENT_TYPE_REQUIRED, "the event has no data that is known here")
    return event.data.field


def _check(name: str, command: Command) -> None:
    """Refuses what is malformed whatever the state."""
    event = command.event
    if command.entity or not name.startswith("run_"):
        check_id("event.correlation_id", command.entity)
    kept("event.occurred_at", event.occurred_at)
    check_text("event.compute_instance_id", event.compute_instance_id)
    check_text("event.trace_request_id", event.trace_request_id)
    check_size(payload_bytes(command.data))
    runs.check_creation(command.data)


def _check_room(record: RunRecord, added: int) -> None:
    """Refuses what a full log cannot take. It always takes the run's end."""
    if added and len(record.events) + added > LIMITS.max_events:
        raise Refusal(
            ErrorReason.EVENT_LIMIT_EXCEEDED,
            f"a log holds at most {LIMITS.max_events} events",
            run_id=record.run.run_id,
            maximum=LIMITS.max_events,
        )


def _spec_version(event: NewEvent, record: RunRecord | None) -> int:
    version = event.spec_version
    if version == 0:
        return record.run.spec_version if record else MAX_SPEC_VERSION
    if not MIN_SPEC_VERSION <= version <= MAX_SPEC_VERSION:
        raise Refusal(
            ErrorReason.RUN_NOT_SUPPORTED,
            f"spec version {version} is outside {MIN_SPEC_VERSION} to {MAX_SPEC_VERSION}",
            spec_version=version,
            minimum=MIN_SPEC_VERSION,
            maximum=MAX_SPEC_VERSION,
        )
    return version


class Events(EventService):
    """EventService."""

    def __init__(self, state: State) -> None:
        """Writes and reads the logs of a state."""
        self._state = state

    async def create_event(
        self, request: CreateEventRequest, _ctx: RequestContext, /
    ) -> CreateEventResponse:
        """Appends one event."""
        payloads = wants_payloads(request.resolve_data)
        event = request.event
        if event is None:
            raise invalid("event", "is required")
        run_id = request.run_id
        if run_id == "" and _name(event) == "run_created":
            run_id = new_id("wrun")
        response = append(self._state, check_id("run_id", run_id), event)
        for field in ("event", "run", "step", "hook"):
            if response.has_field(field):
                setattr(response, field, shown(getattr(response, field), payloads))
        return response

    async def get_event(
        self, request: GetEventRequest, _ctx: RequestContext, /
    ) -> GetEventResponse:
        """Returns one event."""
        payloads = wants_payloads(request.resolve_data)
        event_id = check_id("event_id", request.event_id)
        record = runs.require_run(self._state, request.run_id)
        for event in record.events:
            if event.event_id == event_id:
                return GetEventResponse(event=shown(event, payloads))
        raise Refusal(
            ErrorReason.EVENT_NOT_FOUND,
            f"the run has no event {event_id}",
            run_id=request.run_id,
            event_id=event_id,
        )

    async def list_events(
        self, request: ListEventsRequest, _ctx: RequestContext, /
    ) -> ListEventsResponse:
        """Lists a run's log."""
        payloads = wants_payloads(request.resolve_data)
        types = _types(request.types)
        record = runs.require_run(self._state, request.run_id)
        events, info = page(
            _numbered(e for e in record.events if not types or _type_of(e) in types),
            request.page,
            scope=["events", request.run_id, types],
            default=LIMITS.max_event_page,
            most=LIMITS.max_event_page,
        )
        return ListEventsResponse(events=[shown(e, payloads) for e in events], page=info)

    async def list_events_by_correlation(
        self, request: ListEventsByCorrelationRequest, _ctx: RequestContext, /
    ) -> ListEventsByCorrelationResponse:
        """Lists the events of one entity, of one run or of all."""
        payloads = wants_payloads(request.resolve_data)
        entity = check_id("correlation_id", request.correlation_id)
        records = (
            [runs.require_run(self._state, request.run_id)]
            if request.run_id
            else self._state.runs.values()
        )
        found = [e for record in records for e in record.events if e.correlation_id == entity]
        events, info = page(
            _numbered(sorted(found, key=number_of)),
            request.page,
            scope=["entity", request.run_id, entity],
            default=LIMITS.max_event_page,
            most=LIMITS.max_event_page,
        )
        return ListEventsByCorrelationResponse(
            events=[shown(e, payloads) for e in events], page=info
        )


def _numbered(events: Iterable[Event]) -> Iterator[tuple[int, Event]]:
    return ((number_of(event), event) for event in events)


def _types(types: list[EventType]) -> list[str]:
    """The wanted types in one order, so that the same filter makes the same cursors."""
    known = {value.number for value in EventType.desc().values}
    if not known.issuperset(types):
        raise invalid("types", "holds a type that this World does not know")
    if EventType.UNSPECIFIED in types:
        return []
    return sorted({EventType(t).name.lower() for t in types})


def _type_of(event: Event) -> str:
    return event.data.field if event.data else ""
