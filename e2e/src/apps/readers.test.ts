/** What an SDK does not know happens to its runs, written by somebody who does. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareApps, SDKS } from '../harness/app.js';
import { openPlace, startOn } from '../harness/place.js';
import { until } from '../harness/until.js';

beforeAll(prepareApps);

describe.each(SDKS)('a run of %s', { concurrent: true }, (sdk) => {
  it('goes on after somebody else has set its attributes', async (context) => {
    const place = await openPlace(context, 'server');
    const app = await startOn(context, sdk, place);
    const client = await place.stranger();
    const token = `attributes:${randomUUID()}`;
    const runId = await app.client.start('collect', [token, 'orders']);
    await until('the hook', () => app.client.hook(token));
    const writer = {
      writer: { case: 'step', value: { stepId: 'step_outside', attempt: 1 } },
    } as const;
    const changes = [{ key: 'colour', value: 'blue' }];
    await client.events.createEvent({
      runId,
      event: { correlationId: 'attr_1', data: { case: 'attrSet', value: { changes, writer } } },
    });
    await app.client.resume(token, { text: 'end', last: true });
    expect(await app.client.value(runId)).toEqual(['END']);
    const { run } = await client.runs.getRun({ runId });
    expect(run!.attributes).toMatchObject({ colour: 'blue' });
  });
});
