import type { DescMethodServerStreaming, DescMethodUnary, DescService } from '@bufbuild/protobuf';
import { type CallOptions, type Client, makeAnyClient, type Transport } from '@connectrpc/connect';
import { linkedAbort } from './backoff.js';
import { WorldError } from './error.js';

/**
 * A Connect client whose streams begin when they are iterated, and close their request when the loop is left; those of
 * Connect's own clients stay open then.
 */
export function createServiceClient<S extends DescService>(
  service: S,
  transport: Transport,
): Client<S> {
  return makeAnyClient(service, (method) => {
    if (method.methodKind === 'unary') return unaryCall(transport, method);
    if (method.methodKind === 'server_streaming') return serverStream(transport, method);
    return null;
  }) as Client<S>;
}

function unaryCall(transport: Transport, method: DescMethodUnary) {
  return async (input: Parameters<Transport['unary']>[4], options?: CallOptions) => {
    try {
      const response = await transport.unary(
        method,
        options?.signal,
        options?.timeoutMs,
        options?.headers,
        input,
        options?.contextValues,
      );
      options?.onHeader?.(response.header);
      options?.onTrailer?.(response.trailer);
      return response.message;
    } catch (error) {
      throw WorldError.from(error);
    }
  };
}

function serverStream(transport: Transport, method: DescMethodServerStreaming) {
  return (input: Parameters<Transport['unary']>[4], options?: CallOptions) => ({
    async *[Symbol.asyncIterator]() {
      const abort = linkedAbort([options?.signal]);
      try {
        const response = await transport.stream(
          method,
          abort.controller.signal,
          options?.timeoutMs,
          options?.headers,
          one(input),
          options?.contextValues,
        );
        options?.onHeader?.(response.header);
        yield* response.message;
        options?.onTrailer?.(response.trailer);
      } catch (error) {
        throw WorldError.from(error);
      } finally {
        abort.unlink();
        abort.controller.abort();
      }
    },
  });
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
