"""One exception for each reason of the error registry. Generated; do not edit."""

from .base import WorldError

__all__ = [
    "AttributeInvalidError",
    "AttributesAlreadySetError",
    "BatchInvalidError",
    "CancelledError",
    "CapabilityNotDeclaredError",
    "DeadlineExceededError",
    "DeploymentNotFoundError",
    "EndpointNotFoundError",
    "EventLimitExceededError",
    "EventNotFoundError",
    "EventTypeRequiredError",
    "FeatureNotReadError",
    "HookAlreadyExistsError",
    "HookNotFoundError",
    "HookRetentionTooLongError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidCursorError",
    "InvalidIdError",
    "KeyNotFoundError",
    "LeaseLostError",
    "MethodNotFoundError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RequestIdReusedError",
    "ResumeConflictError",
    "RunAlreadyEndedError",
    "RunAlreadyExistsError",
    "RunGoneError",
    "RunIdTimeOutOfRangeError",
    "RunNotFoundError",
    "RunNotSupportedError",
    "RunTooLargeError",
    "SequenceGapError",
    "ShuttingDownError",
    "StepAlreadyEndedError",
    "StepAlreadyExistsError",
    "StepNotFoundError",
    "StoreFullError",
    "StreamExpiredError",
    "ThrottledError",
    "TooEarlyError",
    "UnauthenticatedError",
    "UnavailableError",
    "WaitAlreadyCompletedError",
    "WaitAlreadyExistsError",
    "WaitNotFoundError",
]


class InvalidArgumentError(WorldError, reason="INVALID_ARGUMENT"):
    """A field is missing, malformed or out of range. Metadata: `field`, `problem`."""


class InvalidIdError(WorldError, reason="INVALID_ID"):
    """An id or a name holds characters that ids may not hold, or is too long. Metadata: `field`."""


class RunIdTimeOutOfRangeError(WorldError, reason="RUN_ID_TIME_OUT_OF_RANGE"):
    """The time within a client-made run id lies outside the accepted window. Metadata: `run_id`."""


class InvalidCursorError(WorldError, reason="INVALID_CURSOR"):
    """The cursor was not issued by this World for this list. Metadata: `cursor`."""


class PayloadTooLargeError(WorldError, reason="PAYLOAD_TOO_LARGE"):
    """A payload or a request exceeds a limit that GetWorld announces. Metadata: `limit`, `maximum`,
    `actual`."""


class EventTypeRequiredError(WorldError, reason="EVENT_TYPE_REQUIRED"):
    """The event carries no data member, or one that this World does not know. Nothing was
    written."""


class AttributeInvalidError(WorldError, reason="ATTRIBUTE_INVALID"):
    """An attribute change breaks a rule on keys, values or counts. Metadata: `key`, `problem`."""


class HookRetentionTooLongError(WorldError, reason="HOOK_RETENTION_TOO_LONG"):
    """A hook asks for a token retention beyond the World's maximum. Metadata: `maximum_days`."""


class BatchInvalidError(WorldError, reason="BATCH_INVALID"):
    """A batch holds something that a batch cannot express; none of it was written. Metadata:
    `index`, `problem`."""


class RequestIdReusedError(WorldError, reason="REQUEST_ID_REUSED"):
    """The request_id was used before for a different request. Metadata: `request_id`."""


class RunNotFoundError(WorldError, reason="RUN_NOT_FOUND"):
    """No run has this id. Metadata: `run_id`."""


class StepNotFoundError(WorldError, reason="STEP_NOT_FOUND"):
    """The run has no such step. Metadata: `run_id`, `step_id`."""


class HookNotFoundError(WorldError, reason="HOOK_NOT_FOUND"):
    """No live hook has this id or token. Metadata: `hook_id` or `token`."""


class WaitNotFoundError(WorldError, reason="WAIT_NOT_FOUND"):
    """The run has no such wait, or the run has ended. Metadata: `run_id`, `wait_id`."""


class EventNotFoundError(WorldError, reason="EVENT_NOT_FOUND"):
    """The run has no event with this id. Metadata: `run_id`, `event_id`."""


class EndpointNotFoundError(WorldError, reason="ENDPOINT_NOT_FOUND"):
    """No push endpoint has this id. Metadata: `endpoint_id`."""


class DeploymentNotFoundError(WorldError, reason="DEPLOYMENT_NOT_FOUND"):
    """No deployment has attached in this environment. Metadata: `environment`."""


class RunAlreadyExistsError(WorldError, reason="RUN_ALREADY_EXISTS"):
    """A run with this id exists. Metadata: `run_id`."""


class StepAlreadyExistsError(WorldError, reason="STEP_ALREADY_EXISTS"):
    """The run has a step with this id. Metadata: `run_id`, `step_id`."""


class HookAlreadyExistsError(WorldError, reason="HOOK_ALREADY_EXISTS"):
    """The run has created a hook with this id before. Metadata: `run_id`, `hook_id`."""


class WaitAlreadyExistsError(WorldError, reason="WAIT_ALREADY_EXISTS"):
    """The run has a wait with this id. Metadata: `run_id`, `wait_id`."""


class AttributesAlreadySetError(WorldError, reason="ATTRIBUTES_ALREADY_SET"):
    """The workflow has written this attr_set before. Metadata: `run_id`, `correlation_id`."""


class ResumeConflictError(WorldError, reason="RESUME_CONFLICT"):
    """The resume_id was used in this run for another hook or another payload. Metadata: `run_id`,
    `resume_id`."""


class RunAlreadyEndedError(WorldError, reason="RUN_ALREADY_ENDED"):
    """The run has ended, and this event cannot follow its end. Metadata: `run_id`, `status`."""


class StepAlreadyEndedError(WorldError, reason="STEP_ALREADY_ENDED"):
    """The step has ended. Metadata: `run_id`, `step_id`, `status`."""


class WaitAlreadyCompletedError(WorldError, reason="WAIT_ALREADY_COMPLETED"):
    """The wait has completed. Metadata: `run_id`, `wait_id`."""


class RunGoneError(WorldError, reason="RUN_GONE"):
    """The run has ended, so there is nothing left to execute: the caller drops its work. Metadata:
    `run_id`, `status`."""


class RunNotSupportedError(WorldError, reason="RUN_NOT_SUPPORTED"):
    """The spec version is outside those that this World serves. Metadata: `spec_version`,
    `minimum`, `maximum`."""


class TooEarlyError(WorldError, reason="TOO_EARLY"):
    """The step may not start before its retry time. Carries RetryInfo. Metadata: `run_id`,
    `step_id`, `retry_after_ms`."""


class StreamExpiredError(WorldError, reason="STREAM_EXPIRED"):
    """The stream was removed by retention. Metadata: `run_id`, `name`."""


class SequenceGapError(WorldError, reason="SEQUENCE_GAP"):
    """An append left out chunks of its writer's sequence. Metadata: `expected`, `actual`."""


class LeaseLostError(WorldError, reason="LEASE_LOST"):
    """The lease has expired or was settled; another delivery may be under way. Metadata:
    `lease_id`."""


class EventLimitExceededError(WorldError, reason="EVENT_LIMIT_EXCEEDED"):
    """The run's log is at its maximum number of events. Metadata: `run_id`, `maximum`."""


class RunTooLargeError(WorldError, reason="RUN_TOO_LARGE"):
    """The run's stored bytes are at their maximum. Metadata: `run_id`, `maximum`."""


class CapabilityNotDeclaredError(WorldError, reason="CAPABILITY_NOT_DECLARED"):
    """The World does not declare the capability that this call needs. Metadata: `capability`."""


class MethodNotFoundError(WorldError, reason="METHOD_NOT_FOUND"):
    """The World has no such method; it may be older than the client. Metadata: `method`."""


class UnauthenticatedError(WorldError, reason="UNAUTHENTICATED"):
    """The request carries no valid credential."""


class PermissionDeniedError(WorldError, reason="PERMISSION_DENIED"):
    """The credential does not allow this call in this project. Metadata: `project`."""


class ThrottledError(WorldError, reason="THROTTLED"):
    """Too much is under way; nothing was written. Carries RetryInfo. Metadata: `retry_after_ms`."""


class StoreFullError(WorldError, reason="STORE_FULL"):
    """The store has no room; nothing was written. Retries succeed once an operator makes room."""


class ShuttingDownError(WorldError, reason="SHUTTING_DOWN"):
    """The server is stopping; another one, or the next one, answers. Nothing was written."""


class UnavailableError(WorldError, reason="UNAVAILABLE"):
    """The World cannot answer now. Whether the request took effect is unknown; the same request_id
    settles it."""


class DeadlineExceededError(WorldError, reason="DEADLINE_EXCEEDED"):
    """The deadline passed first. Whether the request took effect is unknown; the same request_id
    settles it."""


class CancelledError(WorldError, reason="CANCELLED"):
    """The caller went away first."""


class InternalError(WorldError, reason="INTERNAL"):
    """A fault of the World. Whether the request took effect is unknown; the same request_id settles
    it. Metadata: `incident`."""


class KeyNotFoundError(WorldError, reason="KEY_NOT_FOUND"):
    """The deployment key that the run's key derives from is not in escrow, or the World was not
    given the master key that wraps it. Metadata: `run_id`, and `key_id` where it is known."""


class FeatureNotReadError(WorldError, reason="FEATURE_NOT_READ"):
    """The answer would hold something that the request's reader does not read. Nothing was written.
    Metadata: `run_id`, `feature` (what the reader lacks, such as "event_type:run_cancelled",
    "error_form:payload" or "spec_version:7"), and `event_id` where it is an event."""
