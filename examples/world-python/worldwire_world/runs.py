"""Runs: the rules of their events, and their reads."""

from collections.abc import Callable
from typing import Any

from connectrpc.request import RequestContext
from protobuf import Oneof

from .checks import check_count, check_id, check_name, check_size, check_text
from .errors import Refusal, invalid
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_pb import (
    NewEvent,
    RunCancelled,
    RunCompleted,
    RunCreated,
    RunFailed,
    RunStarted,
)
from .gen.worldwire.v1.run_connect import RunService
from .gen.worldwire.v1.run_pb import (
    BatchGetRunsRequest,
    BatchGetRunsResponse,
    BatchGetRunsResult,
    CancelOutcome,
    CancelRunsRequest,
    CancelRunsResponse,
    CancelRunsResult,
    GetRunRequest,
    GetRunResponse,
    ListRunsRequest,
    ListRunsResponse,
    Run,
    RunStatus,
    WaitForRunRequest,
    WaitForRunResponse,
)
from .ids import check_run_id_time
from .pages import page
from .payloads import payload_bytes, shown, wants_payloads
from .state import Change, Command, Rule, RunRecord, State, Stopping, given, number_of, replaced
from .times import millis, now_ms, span
from .world import LIMITS

Append = Callable[[State, str, NewEvent], object]
"""log.append."""


def require_run(state: State, run_id: str) -> RunRecord:
    """Returns a run, or refuses with RUN_NOT_FOUND."""
    record = state.runs.get(check_id("run_id", run_id))
    if record is None:
        raise Refusal(ErrorReason.RUN_NOT_FOUND, f"there is no run {run_id}", run_id=run_id)
    return record


def require_active_run(state: State, run_id: str) -> RunRecord:
    """Returns a run that has not ended, or refuses with RUN_NOT_FOUND or RUN_ALREADY_ENDED."""
    record = require_run(state, run_id)
    if record.ended:
        raise Refusal(
            ErrorReason.RUN_ALREADY_ENDED,
            f"run {run_id} has ended",
            run_id=run_id,
            status=record.run.status.name.lower(),
        )
    return record


def run_gone(run: Run) -> Refusal:
    """The run has ended, so there is nothing left to execute."""
    return Refusal(
        ErrorReason.RUN_GONE,
        f"run {run.run_id} has ended: drop its work",
        run_id=run.run_id,
        status=run.status.name.lower(),
    )


def check_creation(data: Any) -> None:
    """Refuses a run that could not be created, before anybody looks whether it exists."""
    creation = data.create if isinstance(data, RunStarted) else data
    if isinstance(creation, RunCreated):
        check_name("workflow_name", creation.workflow_name)
        check_name("deployment_id", creation.deployment_id)
        check_size(payload_bytes(creation))
        try:
            creation.to_json()
        except ValueError as error:
            raise invalid("execution_context", "holds what JSON cannot say") from error


def create_run(state: State, command: Command) -> Change:
    """run_created: a pending run."""
    if command.run_id in state.runs:
        raise Refusal(
            ErrorReason.RUN_ALREADY_EXISTS,
            f"run {command.run_id} exists",
            run_id=command.run_id,
        )
    check_run_id_time(command.run_id, millis(command.at))
    data: RunCreated = command.data
    return Change((Oneof("run_created", data),), run=_new_run(command, data))


def start_run(state: State, command: Command) -> Change:
    """run_started: pending to running; on an absent run, what `create` says comes first."""
    data: RunStarted = command.data
    # `create` belongs to run_created alone, and is not stored twice.
    started = Oneof("run_started", RunStarted())
    fields = {"status": RunStatus.RUNNING, "started_at": command.at, "updated_at": command.at}
    if command.run_id not in state.runs and data.create is not None:
        run = replaced(_new_run(command, data.create), **fields)
        return Change((Oneof("run_created", data.create), started), run=run)
    run = require_run(state, command.run_id).run
    match run.status:
        case RunStatus.PENDING:
            return Change((started,), run=replaced(run, **fields))
        case RunStatus.RUNNING:
            return Change()
        case _:
            raise run_gone(run)


def complete_run(state: State, command: Command) -> Change:
    """run_completed: the end with an output."""
    data: RunCompleted = command.data
    fields = {"status": RunStatus.COMPLETED, "output": given(data, "output")}
    return _end(state, command, Oneof("run_completed", data), fields)


def fail_run(state: State, command: Command) -> Change:
    """run_failed: the end with an error."""
    data: RunFailed = command.data
    check_text("error_code", data.error_code)
    fields = {
        "status": RunStatus.FAILED,
        "error": data.error,
        "error_code": given(data, "error_code"),
    }
    return _end(state, command, Oneof("run_failed", data), fields)


def cancel_run(state: State, command: Command) -> Change:
    """run_cancelled: the end by cancellation. On a cancelled run it changes nothing."""
    data: RunCancelled = command.data
    check_text("cancel_reason", data.cancel_reason, LIMITS.max_cancel_reason_length)
    if require_run(state, command.run_id).run.status == RunStatus.CANCELLED:
        return Change()
    fields = {"status": RunStatus.CANCELLED, "cancel_reason": given(data, "cancel_reason")}
    return _end(state, command, Oneof("run_cancelled", data), fields)


def _end(state: State, command: Command, data: Oneof[Any, Any], fields: dict[str, Any]) -> Change:
    """The first ending of a run wins."""
    run = require_active_run(state, command.run_id).run
    ended = replaced(run, completed_at=command.at, updated_at=command.at, **fields)
    return Change((data,), run=ended)


def _new_run(command: Command, data: RunCreated) -> Run:
    return Run(
        run_id=command.run_id,
        status=RunStatus.PENDING,
        workflow_name=data.workflow_name,
        deployment_id=data.deployment_id,
        spec_version=command.spec_version,
        execution_context=data.execution_context,
        input=given(data, "input"),
        created_at=command.at,
        updated_at=command.at,
    )


RULES: dict[str, Rule] = {
    "run_created": create_run,
    "run_started": start_run,
    "run_completed": complete_run,
    "run_failed": fail_run,
    "run_cancelled": cancel_run,
}


class Runs(RunService):
    """RunService."""

    def __init__(self, state: State, append: Append, stopping: Stopping) -> None:
        """Reads the runs of a state, and cancels them by events."""
        self._state = state
        self._append = append
        self._stopping = stopping

    async def get_run(self, request: GetRunRequest, _ctx: RequestContext, /) -> GetRunResponse:
        """Returns one run."""
        payloads = wants_payloads(request.resolve_data)
        return GetRunResponse(run=shown(require_run(self._state, request.run_id).run, payloads))

    async def batch_get_runs(
        self, request: BatchGetRunsRequest, _ctx: RequestContext, /
    ) -> BatchGetRunsResponse:
        """Returns several runs, with an empty entry for each that is not there."""
        payloads = wants_payloads(request.resolve_data)
        if len(request.run_ids) > LIMITS.max_bulk_ids:
            raise invalid("run_ids", f"may hold {LIMITS.max_bulk_ids} ids")
        found = [self._state.runs.get(check_id("run_ids", run_id)) for run_id in request.run_ids]
        return BatchGetRunsResponse(
            results=[
                BatchGetRunsResult(run=shown(record.run, payloads) if record else None)
                for record in found
            ]
        )

    async def list_runs(
        self, request: ListRunsRequest, _ctx: RequestContext, /
    ) -> ListRunsResponse:
        """Lists runs by creation, newest first."""
        payloads = wants_payloads(request.resolve_data)
        workflow = given(request, "workflow_name")
        statuses = sorted(set(request.statuses))
        if any(status not in range(1, 6) for status in statuses):
            raise invalid("statuses", "holds a state that this World does not know")
        runs, info = page(
            (
                (number_of(record.events[0]), record.run)
                for record in self._state.runs.values()
                if (workflow is None or record.run.workflow_name == workflow)
                and (not statuses or record.run.status in statuses)
            ),
            request.page,
            scope=["runs", workflow, [int(status) for status in statuses]],
            newest_first=True,
        )
        return ListRunsResponse(runs=[shown(run, payloads) for run in runs], page=info)

    async def wait_for_run(
        self, request: WaitForRunRequest, _ctx: RequestContext, /
    ) -> WaitForRunResponse:
        """Answers when the run has ended, or with the run as it is when the time is up."""
        payloads = wants_payloads(request.resolve_data)
        longest = millis(LIMITS.max_long_poll) if LIMITS.max_long_poll else 0
        timeout = min(longest, span("timeout", request.timeout, longest, 0, 2**63))
        until = now_ms() + timeout
        record = require_run(self._state, request.run_id)
        while not record.ended and now_ms() < until:
            self._stopping.check()
            await self._state.changed.wait((until - now_ms()) / 1000)
        return WaitForRunResponse(run=shown(record.run, payloads))

    async def cancel_runs(
        self, request: CancelRunsRequest, _ctx: RequestContext, /
    ) -> CancelRunsResponse:
        """Cancels several runs, each by itself."""
        check_count("run_ids", len(request.run_ids), LIMITS.max_bulk_ids)
        if len(set(request.run_ids)) < len(request.run_ids):
            raise invalid("run_ids", "holds an id twice")
        reason: str | None = given(request, "cancel_reason")
        check_text("cancel_reason", reason or "", LIMITS.max_cancel_reason_length)
        return CancelRunsResponse(
            results=[self._cancel(run_id, reason) for run_id in request.run_ids]
        )

    def _cancel(self, run_id: str, reason: str | None) -> CancelRunsResult:
        record = self._state.runs.get(run_id)
        if record is None:
            return CancelRunsResult(run_id=run_id, outcome=CancelOutcome.NOT_FOUND)
        outcome = CancelOutcome.CANCELLED
        if record.run.status == RunStatus.CANCELLED:
            outcome = CancelOutcome.ALREADY_CANCELLED
        elif record.ended:
            outcome = CancelOutcome.NOT_CANCELLABLE
        else:
            data: Oneof[Any, Any] = Oneof("run_cancelled", RunCancelled(cancel_reason=reason))
            self._append(self._state, run_id, NewEvent(data=data))
        return CancelRunsResult(run_id=run_id, outcome=outcome, status=record.run.status)
