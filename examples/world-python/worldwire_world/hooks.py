"""Hooks: the rules of their events, and their reads."""

from connectrpc.request import RequestContext
from protobuf import Oneof

from .checks import check_id, check_name, check_text
from .errors import Refusal
from .gen.worldwire.v1.error_pb import ErrorReason
from .gen.worldwire.v1.event_pb import HookConflict, HookCreated, HookDisposed, HookReceived
from .gen.worldwire.v1.hook_connect import HookService
from .gen.worldwire.v1.hook_pb import (
    GetHookByTokenRequest,
    GetHookByTokenResponse,
    GetHookRequest,
    GetHookResponse,
    Hook,
    HookRunContext,
    ListHooksRequest,
    ListHooksResponse,
)
from .pages import page
from .payloads import shown, wants_payloads
from .runs import require_active_run, require_run
from .state import Change, Command, Rule, State, given
from .world import LIMITS


def create_hook(state: State, command: Command) -> Change:
    """hook_created: takes the token, or becomes a hook_conflict where another hook holds it."""
    data: HookCreated = command.data
    check_name("token", data.token, LIMITS.max_token_length)
    record = require_active_run(state, command.run_id)
    if command.entity in record.hooks:
        raise Refusal(
            ErrorReason.HOOK_ALREADY_EXISTS,
            f"the run has created hook {command.entity} before",
            run_id=command.run_id,
            hook_id=command.entity,
        )
    holder = state.tokens.get(data.token)
    if holder is not None:
        conflict = HookConflict(token=data.token, conflicting_run_id=holder.hook.run_id)
        return Change((Oneof("hook_conflict", conflict),), hook_gone=True)
    hook = Hook(
        run_id=command.run_id,
        hook_id=command.entity,
        token=data.token,
        metadata=given(data, "metadata"),
        is_webhook=given(data, "is_webhook"),
        is_system=given(data, "is_system"),
        created_at=command.at,
        spec_version=command.spec_version,
        run=HookRunContext(
            deployment_id=record.run.deployment_id,
            workflow_name=record.run.workflow_name,
            spec_version=record.run.spec_version,
            execution_context=record.run.execution_context,
        ),
    )
    return Change((Oneof("hook_created", data),), hook=hook)


def receive_hook(state: State, command: Command) -> Change:
    """hook_received: a payload for a live hook."""
    data: HookReceived = command.data
    check_text("token", data.token)
    _require_live_hook(state, command)
    return Change((Oneof("hook_received", data),))


def dispose_hook(state: State, command: Command) -> Change:
    """hook_disposed: removes a live hook and frees its token."""
    data: HookDisposed = command.data
    check_text("token", data.token)
    _require_live_hook(state, command)
    return Change((Oneof("hook_disposed", data),), hook_gone=True)


def _require_live_hook(state: State, command: Command) -> None:
    record = state.runs.get(command.run_id)
    if record is None or record.hooks.get(command.entity) is None:
        raise hook_not_found(command.entity)


def hook_not_found(hook_id: str) -> Refusal:
    """No live hook has this id."""
    return Refusal(ErrorReason.HOOK_NOT_FOUND, f"no live hook {hook_id}", hook_id=hook_id)


RULES: dict[str, Rule] = {
    "hook_created": create_hook,
    "hook_received": receive_hook,
    "hook_disposed": dispose_hook,
}


class Hooks(HookService):
    """HookService."""

    def __init__(self, state: State) -> None:
        """Reads the live hooks of a state."""
        self._state = state

    async def get_hook(self, request: GetHookRequest, _ctx: RequestContext, /) -> GetHookResponse:
        """Returns one hook; without a run, the newest one with the id."""
        payloads = wants_payloads(request.resolve_data)
        hook_id = check_id("hook_id", request.hook_id)
        run_id = check_id("run_id", request.run_id) if request.run_id else None
        for hook in (live.hook for live in reversed(self._state.tokens.values())):
            if hook.hook_id == hook_id and run_id in (None, hook.run_id):
                return GetHookResponse(hook=shown(hook, payloads))
        raise hook_not_found(hook_id)

    async def get_hook_by_token(
        self, request: GetHookByTokenRequest, _ctx: RequestContext, /
    ) -> GetHookByTokenResponse:
        """Returns the hook that holds a token."""
        payloads = wants_payloads(request.resolve_data)
        token = check_name("token", request.token, LIMITS.max_token_length)
        live = self._state.tokens.get(token)
        if live is None:
            raise Refusal(ErrorReason.HOOK_NOT_FOUND, "no live hook holds the token", token=token)
        return GetHookByTokenResponse(hook=shown(live.hook, payloads))

    async def list_hooks(
        self, request: ListHooksRequest, _ctx: RequestContext, /
    ) -> ListHooksResponse:
        """Lists live hooks by creation, of one run or of all."""
        payloads = wants_payloads(request.resolve_data)
        run_id = require_run(self._state, request.run_id).run.run_id if request.run_id else None
        hooks, info = page(
            (
                (live.number, live.hook)
                for live in self._state.tokens.values()
                if run_id in (None, live.hook.run_id)
            ),
            request.page,
            scope=["hooks", request.run_id],
        )
        return ListHooksResponse(hooks=[shown(hook, payloads) for hook in hooks], page=info)
