"""Waits: the rules of their events. The World never completes a wait by itself."""

from protobuf import Oneof

from .errors import Refusal, invalid
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_pb import WaitCompleted, WaitCreated
from .gen.worldwire.v1.wait_connect import WaitService
from .gen.worldwire.v1.wait_pb import Wait, WaitStatus
from .runs import require_active_run, require_run
from .state import Change, Command, Rule, State, replaced
from .times import kept


def create_wait(state: State, command: Command) -> Change:
    """wait_created: a wait, once, while the run is active."""
    data: WaitCreated = command.data
    resume_at = kept("resume_at", data.resume_at)
    if resume_at is None:
        raise invalid("resume_at", "is required")
    record = require_active_run(state, command.run_id)
    if command.entity in record.waits:
        raise Refusal(
            ErrorReason.WAIT_ALREADY_EXISTS,
            f"wait {command.entity} exists",
            run_id=command.run_id,
            wait_id=command.entity,
        )
    wait = Wait(
        run_id=command.run_id,
        wait_id=command.entity,
        status=WaitStatus.WAITING,
        resume_at=resume_at,
        created_at=command.at,
        updated_at=command.at,
        spec_version=command.spec_version,
    )
    return Change((Oneof("wait_created", WaitCreated(resume_at=resume_at)),), wait=wait)


def complete_wait(state: State, command: Command) -> Change:
    """wait_completed: completes a wait, once. The run's end has removed its waits."""
    data: WaitCompleted = command.data
    resume_at = kept("resume_at", data.resume_at)
    wait = require_run(state, command.run_id).waits.get(command.entity)
    if wait is None:
        raise Refusal(
            ErrorReason.WAIT_NOT_FOUND,
            f"there is no wait {command.entity}",
            run_id=command.run_id,
            wait_id=command.entity,
        )
    if wait.status == WaitStatus.COMPLETED:
        raise Refusal(
            ErrorReason.WAIT_ALREADY_COMPLETED,
            f"wait {command.entity} is completed",
            run_id=command.run_id,
            wait_id=command.entity,
        )
    completed = replaced(
        wait, status=WaitStatus.COMPLETED, completed_at=command.at, updated_at=command.at
    )
    return Change((Oneof("wait_completed", WaitCompleted(resume_at=resume_at)),), wait=completed)


RULES: dict[str, Rule] = {"wait_created": create_wait, "wait_completed": complete_wait}


class Waits(WaitService):
    """WaitService. All of it needs CAPABILITY_WAIT_READS, so the gate answers in its place."""
