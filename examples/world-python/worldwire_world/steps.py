"""Steps: the rules of their events, and their reads."""

from typing import Any

from connectrpc.request import RequestContext
from protobuf import Oneof

from .checks import check_id, check_name, check_text
from .errors import Refusal
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_pb import (
    StepCompleted,
    StepCreated,
    StepFailed,
    StepRetrying,
    StepStarted,
)
from .gen.worldwire.v1.step_connect import StepService
from .gen.worldwire.v1.step_pb import (
    GetStepRequest,
    GetStepResponse,
    ListStepsRequest,
    ListStepsResponse,
    Step,
    StepStatus,
)
from .pages import page
from .payloads import shown, wants_payloads
from .runs import require_active_run, require_run, run_gone
from .state import Change, Command, Rule, State, given, replaced
from .times import kept, millis

_ENDED = (StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.CANCELLED)


def create_step(state: State, command: Command) -> Change:
    """step_created: a pending step, once, while the run is active."""
    data: StepCreated = command.data
    check_name("step_name", data.step_name)
    check_text("workflow_name", data.workflow_name)
    record = require_active_run(state, command.run_id)
    if command.entity in record.steps:
        raise Refusal(
            ErrorReason.STEP_ALREADY_EXISTS,
            f"step {command.entity} exists",
            run_id=command.run_id,
            step_id=command.entity,
        )
    step = Step(
        run_id=command.run_id,
        step_id=command.entity,
        step_name=data.step_name,
        status=StepStatus.PENDING,
        input=given(data, "input"),
        created_at=command.at,
        updated_at=command.at,
        spec_version=command.spec_version,
    )
    return Change((Oneof("step_created", data),), step=step)


def start_step(state: State, command: Command) -> Change:
    """step_started: a try begins. A running step starts again, for its last try may have died."""
    data: StepStarted = command.data
    for field in ("step_name", "workflow_name", "owner_message_id"):
        check_text(field, getattr(data, field))
    run = require_run(state, command.run_id).run
    step = _require_open_step(state, command)
    if state.runs[command.run_id].ended:
        raise run_gone(run)
    wait = millis(step.retry_after) - millis(command.at) if step.retry_after else 0
    if wait > 0:
        raise Refusal(
            ErrorReason.TOO_EARLY,
            f"step {step.step_id} may start in {wait} ms",
            run_id=step.run_id,
            step_id=step.step_id,
            retry_after_ms=wait,
        )
    # The World's own count decides, not the writer's.
    attempt = step.attempt + 1
    started = replaced(
        step,
        status=StepStatus.RUNNING,
        attempt=attempt,
        started_at=step.started_at or command.at,
        updated_at=command.at,
        retry_after=None,
        compute_instance_id=given(command.event, "compute_instance_id"),
    )
    return Change((Oneof("step_started", replaced(data, attempt=attempt)),), step=started)


def complete_step(state: State, command: Command) -> Change:
    """step_completed: the end with a result, also of a step that was never started."""
    data: StepCompleted = command.data
    check_text("step_name", data.step_name)
    check_text("workflow_name", data.workflow_name)
    step = _require_open_step(state, command)
    fields = {"status": StepStatus.COMPLETED, "output": given(data, "result")}
    return _end(step, command, Oneof("step_completed", data), fields)


def fail_step(state: State, command: Command) -> Change:
    """step_failed: the end with an error. After the run's end, only a try under way may fail."""
    data: StepFailed = command.data
    check_text("step_name", data.step_name)
    step = _require_open_step(state, command)
    record = state.runs[command.run_id]
    if record.ended and step.status != StepStatus.RUNNING:
        raise run_gone(record.run)
    fields = {"status": StepStatus.FAILED, "error": data.error or step.error}
    return _end(step, command, Oneof("step_failed", data), fields)


def retry_step(state: State, command: Command) -> Change:
    """step_retrying: back to pending, until its retry time."""
    data: StepRetrying = command.data
    check_text("step_name", data.step_name)
    retry_after = kept("retry_after", data.retry_after)
    step = replaced(
        _require_open_step(state, command),
        status=StepStatus.PENDING,
        updated_at=command.at,
        retry_after=retry_after,
    )
    if data.error is not None:
        step.error = data.error
    return Change((Oneof("step_retrying", replaced(data, retry_after=retry_after)),), step=step)


def _end(step: Step, command: Command, data: Oneof[Any, Any], fields: dict[str, Any]) -> Change:
    ended = replaced(
        step, completed_at=command.at, updated_at=command.at, retry_after=None, **fields
    )
    return Change((data,), step=ended)


def _require_open_step(state: State, command: Command) -> Step:
    step = require_run(state, command.run_id).steps.get(command.entity)
    if step is None:
        raise step_not_found(command.run_id, command.entity)
    if step.status in _ENDED:
        raise Refusal(
            ErrorReason.STEP_ALREADY_ENDED,
            f"step {step.step_id} has ended",
            run_id=step.run_id,
            step_id=step.step_id,
            status=step.status.name.lower(),
        )
    return step


def step_not_found(run_id: str, step_id: str) -> Refusal:
    """The run has no such step."""
    return Refusal(
        ErrorReason.STEP_NOT_FOUND, f"there is no step {step_id}", run_id=run_id, step_id=step_id
    )


RULES: dict[str, Rule] = {
    "step_created": create_step,
    "step_started": start_step,
    "step_completed": complete_step,
    "step_failed": fail_step,
    "step_retrying": retry_step,
}


class Steps(StepService):
    """StepService."""

    def __init__(self, state: State) -> None:
        """Reads the steps of a state."""
        self._state = state

    async def get_step(self, request: GetStepRequest, _ctx: RequestContext, /) -> GetStepResponse:
        """Returns one step."""
        payloads = wants_payloads(request.resolve_data)
        step_id = check_id("step_id", request.step_id)
        step = require_run(self._state, request.run_id).steps.get(step_id)
        if step is None:
            raise step_not_found(request.run_id, step_id)
        return GetStepResponse(step=shown(step, payloads))

    async def list_steps(
        self, request: ListStepsRequest, _ctx: RequestContext, /
    ) -> ListStepsResponse:
        """Lists a run's steps by creation."""
        payloads = wants_payloads(request.resolve_data)
        record = require_run(self._state, request.run_id)
        steps, info = page(
            enumerate(record.steps.values()), request.page, scope=["steps", request.run_id]
        )
        return ListStepsResponse(steps=[shown(step, payloads) for step in steps], page=info)
