import type { Message } from '@bufbuild/protobuf';
import { fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { checkText } from './identifiers.js';
import { type Context, type Program, store } from './program.js';
import { invalid, Rejection } from './rejection.js';
import type { Scope } from './scope.js';

const MAX_REQUEST_ID = 128;

/**
 * Makes a rule land once for a request_id: answers with the kept response where there is one, and keeps the new one
 * otherwise. Without a request_id it only runs the rule.
 *
 * @param fingerprint what the request is about; the same id with another one fails with REQUEST_ID_REUSED
 * @param strip makes the form of the response that is kept: without payloads
 * @param restore completes a kept response with the payloads that the store has
 */
export function* once<T extends Message>(
  scope: Scope,
  requestId: string,
  fingerprint: string,
  schema: GenMessage<T>,
  context: Context,
  rule: () => Program<T>,
  strip: (response: T) => T = (response) => response,
  restore?: (kept: T) => Program<T>,
): Program<T> {
  if (requestId === '') return yield* rule();
  checkText('request_id', requestId, MAX_REQUEST_ID);
  const kept = yield* store.getOutcome(scope.project, requestId);
  if (kept !== undefined) {
    if (kept.fingerprint !== fingerprint)
      throw new Rejection(
        'REQUEST_ID_REUSED',
        'this request_id was used for another request: make a new one for each request',
        { request_id: requestId },
      );
    const response: MessageShape<GenMessage<T>> = fromBinary(schema, kept.response);
    return restore === undefined ? response : yield* restore(response);
  }
  const response = yield* rule();
  const bytes = toBinary(schema, strip(response));
  yield* store.putOutcome(scope.project, requestId, { fingerprint, response: bytes }, context.now);
  return response;
}

/** Refuses a list whose length is outside 1 to `maximum`. */
export function checkCount(field: string, count: number, maximum: number): void {
  if (count < 1 || count > maximum) throw invalid(field, `must have 1 to ${maximum} items`);
}
