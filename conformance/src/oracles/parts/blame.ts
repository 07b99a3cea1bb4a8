import { Code, type ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema } from '@worldwire/proto';

/** Codes that clients, proxies and servers on their way down give without details. */
const ANYBODYS: ReadonlySet<Code> = new Set([
  Code.Canceled,
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Unavailable,
]);

/** What the client library says of answers that it cannot read, although they have headers. */
const OF_THE_LIBRARY =
  /^(HTTP \d+$|unsupported (content type|response encoding)|invalid grpc-status|protocol error|http\/2 stream closed)/;

/**
 * Whether an error certainly came from the World. The client library gives an error that it read from an answer the
 * headers of the answer; errors of its own making have none, or a cause.
 */
export function isOfWorld(error: ConnectError): boolean {
  if (error.findDetails(ErrorInfoSchema).some(({ domain }) => domain === ERROR_DOMAIN)) return true;
  if (ANYBODYS.has(error.code) || error.cause !== undefined) return false;
  if (OF_THE_LIBRARY.test(error.rawMessage)) return false;
  return error.metadata.has('content-type') || error.metadata.has('grpc-status');
}
