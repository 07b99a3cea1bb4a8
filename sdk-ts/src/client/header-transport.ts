import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
} from '@bufbuild/protobuf';
import type { ContextValues, Transport } from '@connectrpc/connect';
import type { HeadersInit } from './headers-init.js';

/** Adds headers to every call of a transport; the call's own win. */
export function withHeaders(
  transport: Transport,
  headers: Readonly<Record<string, string>>,
): Transport {
  const merge = (own: HeadersInit | undefined): Headers => {
    const merged = new Headers(headers);
    for (const [name, value] of new Headers(own)) merged.set(name, value);
    return merged;
  };
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ) {
      return transport.unary(method, signal, timeoutMs, merge(header), input, contextValues);
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: HeadersInit | undefined,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ) {
      return transport.stream(method, signal, timeoutMs, merge(header), input, contextValues);
    },
  };
}
