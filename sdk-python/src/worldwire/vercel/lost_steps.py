"""Steps that a crash left without a message.

The SDK records a step and sends its message afterwards. A worker that dies between the two leaves a step which the next
replay takes for one that is on its way, so that its run waits for ever. The message of the replay, which the worker had
not acknowledged, comes again: then is the time to look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from vercel.workflow._internal import world as w

from worldwire.errors import RunNotFoundError
from worldwire.v1 import common_pb2, queue_pb2, step_pb2

from .codec import CBOR, encode_message

if TYPE_CHECKING:
    from worldwire import WorldClient


async def send_lost_steps(
    client: WorldClient, delivery: queue_pb2.Delivery, message: object
) -> None:
    """Sends the messages of the steps that were recorded and never begun.

    A message that is there after all stands for the one that is sent: both have the key that the SDK gives them.
    """
    fields = cast("dict[str, Any]", message) if isinstance(message, dict) else {}
    run_id = fields.get("runId")
    if not isinstance(run_id, str) or fields.get("stepId") or fields.get("__healthCheck"):
        return
    request = step_pb2.ListStepsRequest(run_id=run_id, resolve_data=common_pb2.RESOLVE_DATA_NONE)
    try:
        steps = [step async for step in client.list_steps(request)]
    except RunNotFoundError:
        return
    for step in steps:
        if step.status == step_pb2.STEP_STATUS_PENDING and step.attempt == 0:
            await client.queue.enqueue(
                queue_pb2.EnqueueRequest(message=_message_of(step, delivery))
            )


def _message_of(step: step_pb2.Step, delivery: queue_pb2.Delivery) -> queue_pb2.NewMessage:
    fields = {"runId": step.run_id, "stepId": step.step_id, "stepName": step.step_name}
    return queue_pb2.NewMessage(
        queue_name=delivery.queue_name,
        body=encode_message(w.WorkflowInvokePayload.from_wire(fields).model_dump()),
        content_type=CBOR,
        deployment_id=delivery.deployment_id,
        idempotency_key=step.step_id,
        run_id=step.run_id,
    )
