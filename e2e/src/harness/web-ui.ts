import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Cbor {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** Asks the server of `npx workflow web` what its page asks it. */
export class WebUi {
  readonly #url: string;
  readonly #cbor: Cbor;

  /** @param folder An application, whose CBOR library is used. */
  constructor(url: string, folder: string) {
    this.#url = url;
    const core = createRequire(join(folder, 'package.json')).resolve('@workflow/core');
    this.#cbor = createRequire(core)('cbor-x') as Cbor;
  }

  async page(): Promise<string> {
    const response = await fetch(this.#url);
    if (!response.ok) throw new Error(`GET /: ${response.status}`);
    return response.text();
  }

  async rpc<T>(method: string, params: Record<string, unknown>): Promise<T> {
    const response = await fetch(`${this.#url}/api/rpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/cbor', accept: 'application/cbor' },
      body: this.#cbor.encode({
        method,
        params: { worldEnv: {}, ...params },
      }) as Uint8Array<ArrayBuffer>,
    });
    const answer = this.#cbor.decode(new Uint8Array(await response.arrayBuffer())) as {
      success: boolean;
      data: T;
    };
    if (!answer.success) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.data;
  }

  async stream(name: string, runId: string): Promise<Uint8Array> {
    const query = new URLSearchParams({ runId });
    const response = await fetch(`${this.#url}/api/stream/${encodeURIComponent(name)}?${query}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`stream ${name}: ${response.status} ${bytes}`);
    return bytes;
  }
}
