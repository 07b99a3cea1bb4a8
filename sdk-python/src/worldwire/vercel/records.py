"""Runs, steps and hooks of the wire, in the models of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vercel.workflow._internal import world as w

from worldwire.v1 import annotations_pb2, run_pb2, step_pb2

from .convert import from_failure, from_struct, optional, to_datetime, told

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumDescriptor

    from worldwire.v1 import hook_pb2

_OWNER = "worldwire"
"""Who owns a hook, where the World knows no owners but projects."""


def _names(enum: EnumDescriptor) -> dict[int, str]:
    # The stubs have no type for what an extension gives.
    extension: Any = annotations_pb2.upstream_name
    return {value.number: value.GetOptions().Extensions[extension] for value in enum.values}


_RUN_STATUSES = _names(run_pb2.RunStatus.DESCRIPTOR)
_STEP_STATUSES = _names(step_pb2.StepStatus.DESCRIPTOR)


def from_run(run: run_pb2.Run) -> w.WorkflowRun:
    fields: dict[str, Any] = {
        "runId": run.run_id,
        "status": _RUN_STATUSES.get(run.status),
        "deploymentId": run.deployment_id,
        "workflowName": run.workflow_name,
        "specVersion": run.spec_version or None,
        "executionContext": from_struct(run.execution_context)
        if run.HasField("execution_context")
        else None,
        "input": optional(run, "input"),
        "output": optional(run, "output"),
        "error": from_failure(run.error),
        "errorCode": optional(run, "error_code"),
        "attributes": dict(run.attributes),
        "encryptionPublicKey": optional(run, "encryption_public_key"),
        "expiredAt": optional(run, "expired_at"),
        "startedAt": optional(run, "started_at"),
        "completedAt": optional(run, "completed_at"),
        "createdAt": to_datetime(run.created_at),
        "updatedAt": to_datetime(run.updated_at),
    }
    return told(w.WorkflowRunAdaptor, fields, f"run {run.run_id}")


def from_step(step: step_pb2.Step) -> w.WorkflowStep:
    fields: dict[str, Any] = {
        "runId": step.run_id,
        "stepId": step.step_id,
        "stepName": step.step_name,
        "status": _STEP_STATUSES.get(step.status),
        "input": optional(step, "input"),
        "output": optional(step, "output"),
        "error": from_failure(step.error),
        "attempt": step.attempt,
        "startedAt": optional(step, "started_at"),
        "completedAt": optional(step, "completed_at"),
        "createdAt": to_datetime(step.created_at),
        "updatedAt": to_datetime(step.updated_at),
        "retryAfter": optional(step, "retry_after"),
        "specVersion": step.spec_version or None,
    }
    return told(w.WorkflowStepAdaptor, fields, f"step {step.step_id} of run {step.run_id}")


def from_hook(hook: hook_pb2.Hook, *, project: str, environment: str) -> w.Hook:
    fields: dict[str, Any] = {
        "runId": hook.run_id,
        "hookId": hook.hook_id,
        "token": hook.token,
        "ownerId": _OWNER,
        "projectId": project,
        "environment": environment,
        "metadata": optional(hook, "metadata"),
        "createdAt": to_datetime(hook.created_at),
        "specVersion": hook.spec_version or None,
        "isWebhook": optional(hook, "is_webhook"),
        "isSystem": optional(hook, "is_system"),
    }
    return told(w.Hook, fields, f"hook {hook.hook_id} of run {hook.run_id}")
