# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportMissingImports=false
"""What the World refuses, as the exceptions of the SDK."""

from __future__ import annotations

from datetime import timedelta

import pytest
from vercel.workflow._internal import world as w

from worldwire.errors import WorldError
from worldwire.protocol import ERROR_RULES
from worldwire.vercel.errors import to_sdk_error, translated

OWN_CLASSES = {
    "EntityConflictError": w.EntityConflictError,
    "RunExpiredError": w.RunExpiredError,
    "HookNotFoundError": w.HookNotFoundError,
    "TooEarlyError": w.TooEarlyError,
    "ThrottleError": w.ThrottleError,
}


def refusal(reason: str, **metadata: str) -> WorldError:
    return WorldError.of("because", code=ERROR_RULES[reason].code, reason=reason, metadata=metadata)


@pytest.mark.parametrize("reason", ERROR_RULES)
def test_each_reason_has_the_class_that_the_registry_names(reason: str) -> None:
    error = to_sdk_error(refusal(reason))
    if reason == "RESUME_CONFLICT":
        assert type(error) is w.HookResumeConflictError
        return
    expected = OWN_CLASSES.get(ERROR_RULES[reason].upstream_class, w.WorkflowWorldError)
    assert type(error) is expected
    if isinstance(error, w.WorkflowWorldError):
        assert error.status == refusal(reason).upstream_status
        assert error.code in (reason, "run-expired")


def test_a_conflict_is_no_world_error() -> None:
    # The SDK acknowledges the one, and tries again on the other.
    assert not isinstance(to_sdk_error(refusal("STEP_ALREADY_ENDED")), w.WorkflowWorldError)


def test_waits_in_whole_seconds() -> None:
    early = WorldError.of(
        "soon",
        code="failed_precondition",
        reason="TOO_EARLY",
        retry_delay=timedelta(milliseconds=1200),
    )
    error = to_sdk_error(early)
    assert isinstance(error, w.TooEarlyError)
    assert error.retry_after == 2
    error = to_sdk_error(refusal("THROTTLED", retry_after_ms="10"))
    assert isinstance(error, w.ThrottleError)
    assert error.retry_after == 1


def test_names_the_hook() -> None:
    by_token = to_sdk_error(refusal("HOOK_NOT_FOUND", token="t"))
    by_id = to_sdk_error(refusal("HOOK_NOT_FOUND", hook_id="hook_1"))
    assert isinstance(by_token, w.HookNotFoundError)
    assert isinstance(by_id, w.HookNotFoundError)
    assert (by_token.token, by_id.hook_id) == ("t", "hook_1")


@pytest.mark.parametrize("code", ["unavailable", "deadline_exceeded", "canceled"])
def test_a_call_that_was_cut_off_is_an_outage(code: str) -> None:
    with pytest.raises(w.WorkflowWorldError) as raised, translated():
        raise WorldError("gone", code=code)
    assert (raised.value.status, raised.value.code) == (503, "TRANSPORT")
