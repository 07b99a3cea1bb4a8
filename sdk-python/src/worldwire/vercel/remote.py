"""Runs of workflows whose code is elsewhere: in another language, or on another deployment."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from vercel.workflow._internal import core

if TYPE_CHECKING:
    from collections.abc import Generator

_deployment: ContextVar[str | None] = ContextVar("worldwire_deployment", default=None)


def remote_workflow(workflow_id: str, *, namespace: str | None = None) -> core.Workflow[..., Any]:
    """A workflow that this process can start and has no code of.

    `start()` of the SDK takes it like any other, with arguments by position as TypeScript has them:
    `run = await start(remote_workflow("workflow//./workflows/order//order"), 21)`.

    Args:
        workflow_id: The workflow's name, as its own SDK gives it.
        namespace: The queue namespace of its application.

    """

    async def remote(*args: Any) -> Any:
        raise RuntimeError(f"{workflow_id} has no code here")

    registry = core.Workflows(as_vercel_job=False, namespace=namespace)
    workflow = core.Workflow(remote, registry=registry)
    workflow.workflow_id = workflow_id
    return workflow


@contextmanager
def on_deployment(deployment_id: str) -> Generator[None]:
    """Starts the runs of a block on another deployment: the SDK itself knows but its own."""
    token = _deployment.set(deployment_id)
    try:
        yield
    finally:
        _deployment.reset(token)


def chosen_deployment() -> str | None:
    """The deployment that the surrounding `on_deployment` names."""
    return _deployment.get()
