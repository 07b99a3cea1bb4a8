/** What the SDKs write through the adapter, as whoever has the key sees it. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { WorldClient } from '@worldwire/sdk';
import { deriveRunKey, open, payloadsOf, prefixOf, RunKeys } from '@worldwire/sdk/envelope';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareApps, SDKS } from '../harness/app.js';
import { openPlace, startOn } from '../harness/place.js';
import { Recorder } from '../harness/recorder.js';
import { until } from '../harness/until.js';

beforeAll(prepareApps);

const SECRET = new Uint8Array(randomBytes(32));
const WORLDWIRE_KEY = Buffer.from(SECRET).toString('base64');

const keysOf = (runId: string) =>
  new RunKeys({ runId, runKey: deriveRunKey(SECRET, 'default', runId) });

/** The resumes that a run's log has. */
async function received(client: WorldClient, runId: string) {
  const found: { resumeId: string | undefined; payload: Buffer }[] = [];
  for await (const { data, resumeId } of client.listEvents({ runId })) {
    if (data.case !== 'hookReceived') continue;
    found.push({ resumeId, payload: Buffer.from(data.value.payload ?? []) });
  }
  return found;
}

function countOf(bytes: Buffer, piece: string | Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(piece); at !== -1; at = bytes.indexOf(piece, at + 1)) count += 1;
  return count;
}

describe('a writer', { concurrent: true }, () => {
  it('sends a resume whose answer was lost again with the same bytes', async (context) => {
    const place = await openPlace(context, 'server');
    const recorder = await Recorder.before(place.url);
    context.onTestFinished(() => recorder.close());
    const app = await startOn(context, 'sdk5', { ...place, url: recorder.url }, { WORLDWIRE_KEY });
    const token = `lost:${randomUUID()}`;
    const runId = await app.client.start('collect', [token, 'orders']);
    const hook = await until('the hook', () => app.client.hook(token));

    recorder.loseAnswerTo(Buffer.from(hook.hookId));
    await app.client.resume(token, { text: 'once', last: true });
    expect(recorder.lost).toBe(1);
    expect(await app.client.value(runId)).toEqual(['ONCE']);

    const resumes = await received(await place.stranger(), runId);
    expect(resumes).toHaveLength(1);
    const { resumeId, payload } = resumes[0]!;
    expect(resumeId).toBeDefined();
    expect(prefixOf(payload)).toBe('encp');
    // The message that wakes the run has the id in its idempotency key.
    const { sent } = recorder;
    const times = countOf(sent, resumeId!) - countOf(sent, `hook-${resumeId}`);
    expect(times).toBeGreaterThan(1);
    expect(countOf(sent, payload)).toBe(times);
  });

  it('compresses nothing for a run of SDK 4, which would not read it', async (context) => {
    const place = await openPlace(context, 'server');
    const [sdk4, sdk5] = await Promise.all(
      SDKS.map((sdk) =>
        startOn(context, sdk, place, { WORLDWIRE_KEY, WORLDWIRE_DEPLOYMENT_ID: sdk }),
      ),
    );
    const client = await place.stranger();
    const text = 'say it again, '.repeat(1_000);
    for (const [owner, compressed] of [
      [sdk4!, false],
      [sdk5!, true],
    ] as const) {
      const token = `long:${randomUUID()}`;
      const runId = await owner.client.start('collect', [token, 'orders']);
      await until('the hook', () => sdk5!.client.hook(token));
      await sdk5!.client.resume(token, { text, last: true });
      expect(await owner.client.value(runId)).toEqual([text.toUpperCase()]);
      const [resume] = await received(client, runId);
      const { seal, compression } = open(resume!.payload, keysOf(runId));
      expect(seal).toMatch(/^enc[rp]$/);
      expect(compression !== undefined).toBe(compressed);
    }
  });

  it.for(SDKS)(
    '%s puts each value of a stream into a chunk of its own, sealed',
    async (sdk, context) => {
      const place = await openPlace(context, 'server');
      const app = await startOn(context, sdk, place, { WORLDWIRE_KEY });
      const runId = await app.client.start('ticker', [2, 5, 0]);
      expect(await app.client.value(runId)).toBe(10);
      const client = await place.stranger();
      const names: string[] = [];
      for await (const name of client.listStreams({ runId })) names.push(name);
      expect(names).toHaveLength(1);
      const { chunks } = await client.streams.listChunks({ runId, name: names[0]! });
      expect(chunks).toHaveLength(10);
      for (const [n, { data }] of chunks.entries()) {
        const [payload, ...more] = [...payloadsOf([data])];
        expect(more).toEqual([]);
        const opened = open(payload!, keysOf(runId));
        expect(opened.seal).toMatch(/^enc[rp]$/);
        expect(Buffer.from(opened.payload).toString()).toContain(`tick ${n}`);
      }
    },
  );
});
