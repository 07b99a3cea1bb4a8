import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ErrorInfoSchema,
  GetWorldResponseSchema,
  RetryInfoSchema,
  RunService,
} from '@worldwire/proto';
import { expect, it } from 'vitest';
import { WorldFacts } from '../subject/world.js';
import { errorsComplete } from './errors-complete.js';
import { Trial } from './testing/exchanges.js';

const { getRun } = RunService.method;
const headers = { 'content-type': 'application/json' };

type OutgoingDetail = { desc: DescMessage; value: never };

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): OutgoingDetail {
  return { desc, value: create(desc, value) as never };
}

const info = (reason: string, metadata = {}) =>
  detail(ErrorInfoSchema, { reason, domain: 'worldwire', metadata });
const retry = (ms: number) =>
  detail(RetryInfoSchema, { retryDelay: { seconds: 0n, nanos: ms * 1_000_000 } });

const judge = (error: ConnectError, trial = new Trial(errorsComplete)) =>
  trial.failed(getRun, {}, error);
const error = (code: Code, ...details: OutgoingDetail[]) =>
  new ConnectError('words', code, headers, details);

it('accepts complete errors', () => {
  expect(judge(error(Code.NotFound, info('RUN_NOT_FOUND')))).toBeUndefined();
  const early = info('TOO_EARLY', { retry_after_ms: '500' });
  expect(judge(error(Code.FailedPrecondition, early, retry(500)))).toBeUndefined();
});

it.each([
  ['that has no answer behind it', new ConnectError('x', Code.InvalidArgument)],
  ['of a lost connection', new ConnectError('x', Code.Aborted, undefined, undefined, new Error())],
  ['that anybody may give', new ConnectError('x', Code.Unavailable, headers)],
  ['of a deadline', new ConnectError('x', Code.DeadlineExceeded, headers)],
  ['of an HTTP status alone', new ConnectError('HTTP 404', Code.Unimplemented, headers)],
])('leaves an error alone %s', (_what, one) => {
  const trial = new Trial(errorsComplete);
  expect(judge(one, trial)).toBeUndefined();
  expect(trial.judge.seen).toBe(0);
});

it.each([
  [/no reason/, error(Code.NotFound)],
  [/2 reasons/, error(Code.NotFound, info('RUN_NOT_FOUND'), info('STEP_NOT_FOUND'))],
  [/registry does not have/, error(Code.NotFound, info('OWN_WORDS'))],
  [/another code/, error(Code.Internal, info('RUN_NOT_FOUND'))],
  [/how long to wait/, error(Code.FailedPrecondition, info('TOO_EARLY'))],
  [/how long to wait/, error(Code.ResourceExhausted, info('THROTTLED'), retry(0))],
  [
    /two different waits/,
    error(Code.FailedPrecondition, info('TOO_EARLY', { retry_after_ms: '9' }), retry(500)),
  ],
])('finds %s', (words, one) => {
  expect(judge(one)).toMatchObject({ message: expect.stringMatching(words) });
});

it('lets newer Worlds have further reasons', () => {
  const facts = new WorldFacts(create(GetWorldResponseSchema, { protocolVersion: '2.0' }));
  const trial = new Trial(errorsComplete, facts);
  expect(judge(error(Code.NotFound, info('NEWER')), trial)).toBeUndefined();
});
