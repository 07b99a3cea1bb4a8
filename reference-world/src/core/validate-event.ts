import type { Failure, NewEvent, RunCreated } from '@worldwire/proto';
import { checkId, checkName, checkText } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { payloadBytes } from './payloads.js';
import { invalid, Rejection } from './rejection.js';
import type { NewData } from './state.js';
import { checkTime } from './time.js';

const DIGEST = /^[0-9a-f]{64}$/;
const MAX_TEXT = 1_000_000;

/** Refuses an event that is malformed whatever the state of its run, and returns its data. */
export function validateNewEvent(event: NewEvent | undefined, limits: CoreLimits): NewData {
  if (event === undefined) throw invalid('event', 'is required');
  const { data } = event;
  if (data.case === undefined)
    throw new Rejection(
      'EVENT_TYPE_REQUIRED',
      'the event has no data member, or one that this World does not know',
    );
  checkEntity(event, data, limits);
  checkSpecVersion(event.specVersion, limits);
  checkTime('event.occurred_at', event.occurredAt);
  checkResume(event, data, limits);
  if (event.computeInstanceId !== undefined)
    checkText('event.compute_instance_id', event.computeInstanceId, limits.maxNameLength);
  if (event.traceRequestId !== undefined)
    checkText('event.trace_request_id', event.traceRequestId, limits.maxNameLength);
  checkData(data, limits);
  checkPayloadSize('event', payloadBytes(data), limits);
  return data;
}

/** Refuses a payload above the limit with PAYLOAD_TOO_LARGE. */
export function checkPayloadSize(field: string, bytes: number, limits: CoreLimits): void {
  if (bytes > limits.maxPayloadBytes)
    throw new Rejection(
      'PAYLOAD_TOO_LARGE',
      `the payload of ${field} has ${bytes} bytes, above the ${limits.maxPayloadBytes} that this World takes`,
      {
        limit: 'max_payload_bytes',
        maximum: String(limits.maxPayloadBytes),
        actual: String(bytes),
      },
    );
}

/** Refuses a spec version outside those served; zero stands for the World's choice. */
export function checkSpecVersion(specVersion: number, limits: CoreLimits): void {
  if (specVersion === 0) return;
  if (specVersion < limits.minSpecVersion || specVersion > limits.maxSpecVersion)
    throw new Rejection(
      'RUN_NOT_SUPPORTED',
      `spec version ${specVersion} is outside those served, ${limits.minSpecVersion} to ${limits.maxSpecVersion}`,
      {
        spec_version: String(specVersion),
        minimum: String(limits.minSpecVersion),
        maximum: String(limits.maxSpecVersion),
      },
    );
}

function checkEntity(event: NewEvent, data: NewData, limits: CoreLimits): void {
  const { correlationId } = event;
  const isRunEvent =
    data.case === 'runCreated' ||
    data.case === 'runStarted' ||
    data.case === 'runCompleted' ||
    data.case === 'runFailed' ||
    data.case === 'runCancelled';
  const isByWorkflow = data.case === 'attrSet' && data.value.writer?.writer.case === 'workflow';
  if (correlationId === '' && (isRunEvent || (data.case === 'attrSet' && !isByWorkflow))) return;
  checkId('event.correlation_id', correlationId, limits);
}

function checkResume(event: NewEvent, data: NewData, limits: CoreLimits): void {
  const { resumeId, resumePayloadDigest } = event;
  if (resumeId !== undefined) {
    if (data.case !== 'hookReceived') throw invalid('event.resume_id', 'is for hook_received only');
    checkId('event.resume_id', resumeId, limits);
  }
  if (resumePayloadDigest !== undefined && !DIGEST.test(resumePayloadDigest))
    throw invalid('event.resume_payload_digest', 'is not a SHA-256 in lowercase hex');
}

function checkData(data: NewData, limits: CoreLimits): void {
  switch (data.case) {
    case 'runCreated':
      checkCreation('event.run_created', data.value, limits);
      return;
    case 'runStarted':
      if (data.value.create !== undefined)
        checkCreation('event.run_started.create', data.value.create, limits);
      return;
    case 'runFailed':
      checkFailure('event.run_failed.error', data.value.error);
      checkOptionalName('event.run_failed.error_code', data.value.errorCode, limits);
      return;
    case 'runCancelled':
      if (data.value.cancelReason !== undefined)
        checkText(
          'event.run_cancelled.cancel_reason',
          data.value.cancelReason,
          limits.maxCancelReasonLength,
        );
      return;
    case 'stepCreated':
      checkName('event.step_created.step_name', data.value.stepName, limits.maxNameLength);
      return;
    case 'stepStarted':
      checkOptionalName('event.step_started.step_name', data.value.stepName, limits);
      checkOptionalName('event.step_started.owner_message_id', data.value.ownerMessageId, limits);
      return;
    case 'stepFailed':
      checkFailure('event.step_failed.error', data.value.error);
      return;
    case 'stepRetrying':
      checkFailure('event.step_retrying.error', data.value.error);
      checkTime('event.step_retrying.retry_after', data.value.retryAfter);
      return;
    case 'hookCreated':
      checkName('event.hook_created.token', data.value.token, limits.maxTokenLength);
      checkTime('event.hook_created.token_retention_until', data.value.tokenRetentionUntil);
      return;
    case 'waitCreated':
      checkTime('event.wait_created.resume_at', data.value.resumeAt);
      return;
    case 'waitCompleted':
      checkTime('event.wait_completed.resume_at', data.value.resumeAt);
      return;
    case 'attrSet':
      if (data.value.writer?.writer.case === undefined)
        throw invalid('event.attr_set.writer', 'is required');
      if (data.value.changes.length === 0) throw invalid('event.attr_set.changes', 'is empty');
      return;
    default:
      return;
  }
}

function checkCreation(field: string, data: RunCreated, limits: CoreLimits): void {
  checkName(`${field}.workflow_name`, data.workflowName, limits.maxNameLength);
  checkName(`${field}.deployment_id`, data.deploymentId, limits.maxNameLength);
  checkOptionalName(`${field}.encryption_public_key`, data.encryptionPublicKey, limits);
}

function checkOptionalName(field: string, name: string | undefined, limits: CoreLimits): void {
  if (name !== undefined && name !== '') checkName(field, name, limits.maxNameLength);
}

function checkFailure(field: string, failure: Failure | undefined): void {
  if (failure?.form.case !== 'structured') return;
  const { message, stack, code } = failure.form.value;
  checkText(`${field}.structured.message`, message, MAX_TEXT);
  checkText(`${field}.structured.stack`, stack ?? '', MAX_TEXT);
  checkText(`${field}.structured.code`, code ?? '', MAX_TEXT);
}
