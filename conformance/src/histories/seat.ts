import type { Context } from '../context.js';
import { CuttingProxy } from '../fixtures/cutting-proxy.js';
import type { Api } from '../wire/api.js';

/** One client of a program, with its connections. */
export class Seat {
  #direct: { readonly url: string; readonly api: Api } | undefined;
  #lossy: { readonly api: Api; readonly proxy: CuttingProxy } | undefined;

  constructor(
    private readonly t: Context,
    /** As histories number it: 0 prepares and finishes. */
    readonly client: number,
  ) {}

  /** The client as it reaches the World now; a restart moves the World. */
  get api(): Api {
    const { url } = this.t;
    if (this.#direct?.url !== url) this.#direct = { url, api: this.t.client(this.#name) };
    return this.#direct.api;
  }

  /** The same client behind a proxy that loses the next answer. */
  async losingNext(): Promise<Api> {
    this.#lossy ??= await this.#open();
    this.#lossy.proxy.loseNextResponse();
    return this.#lossy.api;
  }

  async #open(): Promise<{ api: Api; proxy: CuttingProxy }> {
    const proxy = await proxyOf(this.t);
    return { proxy, api: this.t.client(`${this.#name}, cut off`, { baseUrl: proxy.url }) };
  }

  get #name(): string {
    return this.client === 0 ? 'main' : `client ${this.client}`;
  }
}

/** A proxy before the World, closed at the check's end. */
export async function proxyOf(t: Context): Promise<CuttingProxy> {
  if (t.url.startsWith('https:')) t.notApplicable('connections are cut without TLS only');
  const proxy = await CuttingProxy.open(() => t.url);
  t.onEnd(() => proxy.close());
  return proxy;
}
