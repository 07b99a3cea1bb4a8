import {
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  isMessage,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import type { ContextValues, StreamResponse, Transport, UnaryResponse } from '@connectrpc/connect';
import {
  type Capability,
  SettleRequestSchema,
  type WaitForRunRequest,
  WaitForRunRequestSchema,
} from '@worldwire/proto';
import { Backoff, canceled, type RetrySettings } from './backoff.js';
import { isUnsent } from './connection-failure.js';
import { WorldError } from './error.js';
import type { HeadersInit } from './headers-init.js';
import { policyOf, prepareRequest } from './method-policy.js';
import type { StatusReporter } from './status.js';

export interface RetryTransportOptions {
  readonly transport: Transport;
  readonly status: StatusReporter;
  readonly retry: RetrySettings;
  /** The deadline of one try, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
  /** Throws where the World is known not to declare a capability. */
  readonly requireCapability: (capability: Capability) => Promise<void>;
  /** Whether the World is known not to declare a capability. */
  readonly lacks: (capability: Capability) => Promise<boolean>;
  /** How long a WaitForRun may take at the World, in milliseconds. */
  readonly longPollMs: (request: WaitForRunRequest) => Promise<number>;
}

/**
 * A try that is not answered by now was rather lost, with its connection, than is slow, and another one is cheap where
 * the call can be repeated. Two tries, so that one that began on a lost connection may find a second one; then patience,
 * for a call may be slow.
 */
const QUICK_TRY_MS = 10_000;
const QUICK_TRIES = 2;

/** What a long poll may take beyond its own timeout. */
const LONG_POLL_MARGIN_MS = 10_000;

/**
 * Wraps any transport: every unary call is tried again where that is safe and may help, everything that is thrown is a
 * WorldError, and the reporter hears of every outcome. Streams are one try each.
 */
export function createRetryTransport(options: RetryTransportOptions): Transport {
  const { transport, status, closing } = options;

  const explain = (cause: unknown, signal: AbortSignal | undefined): WorldError => {
    if (closing.aborted) return canceled(closing.reason);
    const error = WorldError.from(cause);
    // What nobody here cancelled was cut: connect-node tells a broken HTTP/2 connection by the code of a reset.
    const cut = error.code === 'canceled' && error.reason === undefined && !signal?.aborted;
    return cut ? new WorldError(error.message, { code: 'unavailable', cause }) : error;
  };

  /** A connection that breaks says nothing of the next one; a stream that cannot begin does. */
  async function* observed<T>(
    messages: AsyncIterable<T>,
    signal: AbortSignal | undefined,
    epoch: number,
  ): AsyncGenerator<T> {
    let begun = false;
    try {
      for await (const message of messages) {
        if (!begun) status.up(epoch);
        begun = true;
        yield message;
      }
    } catch (cause) {
      const error = explain(cause, signal);
      if (!begun) status.failed(epoch, error);
      throw error;
    }
  }

  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ): Promise<UnaryResponse<I, O>> {
      const policy = policyOf(method);
      const end = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
      if (policy.capability !== undefined) await options.requireCapability(policy.capability);
      const request = await prepareRequest(method.input, policy, input, options.lacks);
      const repeatable = policy.repeatable(request);
      const patience = isMessage(request, WaitForRunRequestSchema)
        ? (await options.longPollMs(request)) + LONG_POLL_MARGIN_MS
        : options.deadlineMs;
      // A settlement is small, and its lease runs out meanwhile: it never waits longer.
      let quickTries = isMessage(request, SettleRequestSchema)
        ? Number.POSITIVE_INFINITY
        : QUICK_TRIES;
      if (!repeatable || isMessage(request, WaitForRunRequestSchema)) quickTries = 0;
      let backoff: Backoff | undefined;
      for (;;) {
        if (closing.aborted) throw canceled(closing.reason);
        const tryMs = quickTries > 0 ? Math.min(patience, QUICK_TRY_MS) : patience;
        // Whole milliseconds: some transports send no others.
        const left =
          end === undefined ? tryMs : Math.min(tryMs, Math.ceil(end - performance.now()));
        const { epoch } = status;
        try {
          const response = await transport.unary(
            method,
            signal,
            left,
            header,
            request as MessageInitShape<I>,
            contextValues,
          );
          status.up(epoch);
          return response;
        } catch (cause) {
          const error = explain(cause, signal);
          status.failed(epoch, error);
          if (!error.retryable || signal?.aborted) throw error;
          if (!repeatable && !isUnsent(cause)) throw error;
          if (error.code === 'deadline_exceeded') quickTries--;
          backoff ??= new Backoff(options.retry);
          await backoff.wait(error, [signal, closing], end);
        }
      }
    },

    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ): Promise<StreamResponse<I, O>> {
      const { capability } = policyOf(method);
      if (capability !== undefined) await options.requireCapability(capability);
      if (closing.aborted) throw canceled(closing.reason);
      const { epoch } = status;
      try {
        const response = await transport.stream(
          method,
          signal,
          timeoutMs,
          header,
          input,
          contextValues,
        );
        return { ...response, message: observed(response.message, signal, epoch) };
      } catch (cause) {
        const error = explain(cause, signal);
        status.failed(epoch, error);
        throw error;
      }
    },
  };
}
