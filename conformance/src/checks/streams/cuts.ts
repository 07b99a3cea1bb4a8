import { type Check, check } from '../../check.js';
import type { Context } from '../../context.js';
import { CuttingProxy } from '../../fixtures/cutting-proxy.js';
import { Stream, textOf, texts } from './support.js';

/** A proxy before the World, closed at the check's end. */
async function proxyOf(t: Context): Promise<CuttingProxy> {
  if (t.url.startsWith('https:')) t.notApplicable('connections are cut without TLS only');
  const proxy = await CuttingProxy.open(() => t.url);
  t.onEnd(() => proxy.close());
  return proxy;
}

/** Reads over connections that break or stall. */
export const cutChecks: readonly Check[] = [
  check(
    'streams/resume-after-cut',
    'A read that is cut off and resumed at the next index has neither a gap nor a repetition',
    { requirements: ['WW-STREAM-043', 'WW-STREAM-004', 'WW-STREAM-032'] },
    async (t) => {
      const proxy = await proxyOf(t);
      const stream = new Stream(t);
      const all = texts('c', 150);
      let stopped = false;
      const appending = (async () => {
        for (let at = 0; at < all.length && !stopped; at += 3) {
          await stream.given(all.slice(at, at + 3));
          await new Promise((resolve) => setTimeout(resolve, t.random.below(4)));
        }
        await stream.close();
      })();
      t.onEnd(() => {
        stopped = true;
      });
      const seen: string[] = [];
      for (let cuts = 0; ; cuts++) {
        const api = t.client(`reader ${cuts + 1}`, { baseUrl: proxy.url });
        const reader = stream.reader(BigInt(seen.length), api);
        const wanted = 1 + t.random.below(12);
        await t.eventually('the next chunks, or the end', () =>
          reader.chunks.length >= wanted || reader.ended !== undefined ? true : undefined,
        );
        if (cuts < 15) proxy.cut();
        await t.eventually('the end of the read', () => (reader.ended ? true : undefined));
        const from = seen.length;
        stream.holds(
          reader.chunks,
          all.slice(from, from + reader.chunks.length),
          `the read that resumed at ${from}`,
          from,
        );
        seen.push(...reader.chunks.map(textOf));
        if (reader.done) break;
        if (reader.ended?.error === undefined)
          t.fail('a read ended without done and without an error', 'a cut or done', 'a clean end');
      }
      await appending;
      t.equal(seen, all, 'the chunks of all reads together');
    },
  ),
  check(
    'streams/slow-reader',
    'A read that stalls for a while loses nothing, and delays neither appends nor other reads',
    { requirements: ['WW-STREAM-044', 'WW-STREAM-045'] },
    async (t) => {
      const proxy = await proxyOf(t);
      const stream = new Stream(t);
      const slow = await stream.attached(0n, t.client('slow', { baseUrl: proxy.url }));
      const quick = await stream.attached(0n, t.client('quick'));
      await stream.given(['first']);
      await slow.count(1);
      proxy.stall();
      // More than sockets and their buffers hold.
      const [ROUNDS, CHUNKS, BYTES] = [60, 4, 65_536];
      const expected = ['first'];
      for (let round = 0; round < ROUNDS; round++) {
        const chunks = texts(`${round}.`, CHUNKS).map((text) => text.padEnd(BYTES, '.'));
        expected.push(...chunks);
        await t.accepted('an append beside a slow reader', () => stream.append(chunks));
      }
      const many = texts('small', 600);
      for (let at = 0; at < many.length; at += 100)
        await t.accepted('an append of small chunks beside a slow reader', () =>
          stream.append(many.slice(at, at + 100)),
        );
      expected.push(...many);
      stream.holds([...(await quick.count(expected.length))], expected, 'the other read');
      proxy.resume();
      stream.holds([...(await slow.count(expected.length))], expected, 'the slow read');
      await stream.close();
      stream.holds(await slow.toEnd(), expected, 'the slow read to its end');
    },
  ),
  check(
    'streams/close-during-a-stall',
    'A read that stalls while the stream is closed has every chunk and its end afterwards',
    { requirements: ['WW-STREAM-044', 'WW-STREAM-025', 'WW-STREAM-041'] },
    async (t) => {
      const proxy = await proxyOf(t);
      const stream = new Stream(t);
      const slow = await stream.attached(0n, t.client('slow', { baseUrl: proxy.url }));
      proxy.stall();
      const expected = texts('c', 64).map((text) => text.padEnd(196_608, '.'));
      for (let at = 0; at < expected.length; at += 8)
        await stream.given(expected.slice(at, at + 8));
      await stream.close();
      await stream.append(['LATE']);
      proxy.resume();
      stream.holds(await slow.toEnd(), expected, 'the slow read');
    },
  ),
];
