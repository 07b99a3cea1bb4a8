import type { AttrSet, Failure, NewEvent, RunCreated, StepTimings } from '@worldwire/proto';
import { checkId, checkName, checkText, isWellFormed } from './identifiers.js';
import type { CoreLimits } from './limits.js';
import { payloadBytes } from './payloads.js';
import { invalid, Rejection } from './rejection.js';
import type { NewData } from './state.js';
import { checkStruct } from './struct.js';
import { checkTime, wholeMillis } from './time.js';

const DIGEST = /^[0-9a-f]{64}$/;
const INT32_MAX = 2 ** 31 - 1;
const MAX_KEY_ID_LENGTH = 64;

/** Names that only accompany an event: free, but nothing that a store or a log could not take. */
const ACCOMPANYING: Partial<Record<NewData['case'], readonly string[]>> = {
  runFailed: ['errorCode'],
  stepCreated: ['workflowName'],
  stepStarted: ['stepName', 'workflowName', 'ownerMessageId'],
  stepCompleted: ['stepName', 'workflowName'],
  stepFailed: ['stepName'],
  stepRetrying: ['stepName'],
  hookReceived: ['token'],
  hookDisposed: ['token'],
};

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
  checkAccompanying(data, limits);
  checkData(data, limits);
  checkPayloadSize('event', payloadBytes(data), limits);
  return inMillis(data);
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
function checkSpecVersion(specVersion: number, limits: CoreLimits): void {
  if (specVersion === 0) return;
  const { minSpecVersion, maxSpecVersion } = limits;
  if (!(specVersion >= minSpecVersion && specVersion <= maxSpecVersion))
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
      checkInt32('event.step_started.attempt', data.value.attempt);
      return;
    case 'stepCompleted':
      checkTimings('event.step_completed.timings', data.value.timings);
      return;
    case 'stepFailed':
      checkFailure('event.step_failed.error', data.value.error);
      checkTimings('event.step_failed.timings', data.value.timings);
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
      checkAttributeWrite(data.value, limits);
      return;
    default:
      return;
  }
}

function checkCreation(field: string, data: RunCreated, limits: CoreLimits): void {
  checkName(`${field}.workflow_name`, data.workflowName, limits.maxNameLength);
  checkName(`${field}.deployment_id`, data.deploymentId, limits.maxNameLength);
  checkOptionalName(`${field}.encryption_public_key`, data.encryptionPublicKey, limits);
  if (data.encryptionKeyId)
    checkName(`${field}.encryption_key_id`, data.encryptionKeyId, MAX_KEY_ID_LENGTH);
  checkStruct(`${field}.execution_context`, data.executionContext);
}

function checkAttributeWrite({ changes, writer }: AttrSet, limits: CoreLimits): void {
  if (changes.length === 0) throw invalid('event.attr_set.changes', 'is empty');
  if (writer?.writer.case === undefined) throw invalid('event.attr_set.writer', 'is required');
  if (writer.writer.case !== 'step') return;
  checkId('event.attr_set.writer.step.step_id', writer.writer.value.stepId, limits);
  checkInt32('event.attr_set.writer.step.attempt', writer.writer.value.attempt);
}

function checkTimings(field: string, timings: StepTimings | undefined): void {
  if (timings === undefined) return;
  checkInt32(`${field}.step_count`, timings.stepCount);
  checkInt32(`${field}.event_count`, timings.eventCount);
  for (const name of timings.optimizations) checkWellFormed(`${field}.optimizations`, name);
}

function checkInt32(field: string, value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || Math.abs(value) > INT32_MAX)
    throw invalid(field, 'is not a 32-bit integer');
}

function checkAccompanying(data: NewData, limits: CoreLimits): void {
  const value = data.value as unknown as Readonly<Record<string, string | undefined>>;
  const type = snakeCase(data.case);
  for (const name of ACCOMPANYING[data.case] ?? [])
    checkOptionalName(`event.${type}.${snakeCase(name)}`, value[name], limits);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function checkOptionalName(field: string, name: string | undefined, limits: CoreLimits): void {
  if (name !== undefined && name !== '') checkName(field, name, limits.maxNameLength);
}

function checkFailure(field: string, failure: Failure | undefined): void {
  if (failure === undefined) return;
  const { form } = failure;
  if (form.case === undefined) throw invalid(field, 'has no form that this World knows');
  if (form.case !== 'structured') return;
  const { message, stack, code } = form.value;
  checkWellFormed(`${field}.structured.message`, message);
  checkWellFormed(`${field}.structured.stack`, stack ?? '');
  checkWellFormed(`${field}.structured.code`, code ?? '');
}

/** Refuses text that UTF-8 cannot carry. A user's own error text is a payload: it may hold anything else. */
function checkWellFormed(field: string, text: string): void {
  if (!isWellFormed(text)) throw invalid(field, 'holds broken Unicode');
}

/** The data with its times as they are kept: to the millisecond. */
function inMillis(data: NewData): NewData {
  switch (data.case) {
    case 'stepRetrying': {
      const { retryAfter } = data.value;
      if (retryAfter === undefined) return data;
      return { case: data.case, value: { ...data.value, retryAfter: wholeMillis(retryAfter) } };
    }
    case 'hookCreated': {
      const { tokenRetentionUntil: until } = data.value;
      if (until === undefined) return data;
      const value = { ...data.value, tokenRetentionUntil: wholeMillis(until) };
      return { case: data.case, value };
    }
    case 'waitCreated':
    case 'waitCompleted': {
      const { resumeAt } = data.value;
      if (resumeAt === undefined) return data;
      const value = { ...data.value, resumeAt: wholeMillis(resumeAt) };
      return { case: data.case, value } as NewData;
    }
    default:
      return data;
  }
}
