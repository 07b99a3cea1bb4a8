import { malformed, tooLarge } from './errors.js';
import { type HttpRequest, type HttpResponse, write } from './http.js';

/** How long the rest of a request that is not wanted may take to arrive. */
const DISCARD_MS = 5_000;

/** Says how many bytes a request announces; undefined where it does not. */
export function announcedLength(request: HttpRequest): number | undefined {
  const header = request.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

/** Reads a request's body, but no more than so many bytes. */
export function readBody(request: HttpRequest, maximum: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const settle = (act: () => void): void => {
      request.removeListener('data', onData);
      request.removeListener('end', onEnd);
      request.removeListener('close', onClose);
      act();
    };
    const onData = (part: Buffer): void => {
      length += part.length;
      if (length > maximum) settle(() => reject(tooLarge(maximum)));
      else parts.push(part);
    };
    const onEnd = (): void => {
      settle(() => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)));
    };
    const onClose = (): void => settle(() => reject(malformed('its body is cut off')));
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('close', onClose);
    request.on('error', ignore);
  });
}

/**
 * Reads a request's body piece by piece, but no more than so many bytes. Unlike Node's own iterator it leaves the
 * connection alone when its reader stops early: the reader still has an error to send on it.
 */
export async function* bodyOf(request: HttpRequest): AsyncGenerator<Uint8Array> {
  request.on('error', ignore);
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch {
    throw malformed('its body is cut off');
  }
}

/**
 * Ends a response, with its last bytes, whose request may still be on its way. Over HTTP/1.1 the rest of the request is
 * let go by before the end: a connection that is closed with bytes unread is reset, and a sender who is still writing
 * would not come to read the answer.
 */
export function endAfter(request: HttpRequest, response: HttpResponse, last?: Uint8Array): void {
  if (last !== undefined) write(response, last);
  const end = () => void response.end();
  // Who asked whether to send its body, and was told no, sends none.
  if ('stream' in request || request.complete || request.headers.expect !== undefined) end();
  else request.once('end', end);
  discard(request, end);
}

/** Reads what is left of a request; cuts it off if that takes long. */
function discard(request: HttpRequest, cutting: () => void): void {
  const carrier = 'stream' in request ? request.stream : request.socket;
  if (request.complete || request.readableEnded || carrier.destroyed) return;
  const timer = setTimeout(() => {
    cutting();
    if ('destroySoon' in carrier) carrier.destroySoon();
    else carrier.destroy();
  }, DISCARD_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
  request.on('error', ignore);
  // A reader who stopped early may still listen, and it would not flow.
  request.removeAllListeners('readable');
  // Not resume(), which Node takes back in the next tick where the request flowed before.
  request.on('data', ignore);
}

function ignore(): void {}
