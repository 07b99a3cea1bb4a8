import type { Patch } from '../../mutant.js';

/**
 * Changes the bodies of requests before the RPC library reads them. `change` is an expression of `bytes`, a Buffer, and
 * `type`, the content type.
 */
export function changesBodies(change: string): Patch {
  return {
    file: 'rpc/router.js',
    find: '                body: bodyOf(request),',
    replace: `                body: (async function* () {
                    const parts = [];
                    for await (const part of bodyOf(request))
                        parts.push(part);
                    const bytes = Buffer.concat(parts);
                    const type = request.headers['content-type'] ?? '';
                    yield ${change};
                })(),`,
  };
}

/** Changes the text of JSON requests. */
export function changesJson(change: string): Patch {
  return changesBodies(
    `type === 'application/json' ? Buffer.from(bytes.toString()${change}) : bytes`,
  );
}
