import { type Check, type CheckOptions, check } from '../../check.js';
import type { Context } from '../../context.js';
import { createsRun, type NewEventInit, runCreated, runStarted } from '../../fixtures/new-event.js';
import { absentRun } from '../../fixtures/records.js';
import type { RunHandle } from '../../fixtures/run-handle.js';
import { byStep, byWorkflow, type Changes } from './writes.js';

const of = (...requirements: string[]): CheckOptions => ({
  requirements,
  capabilities: ['ATTRIBUTES'],
});

/** Room around a count that depends on spelling. */
const MARGIN_BYTES = 400;

/** What keys, values and numbers of attributes may be. */
export const attributeValidityChecks: readonly Check[] = [
  check(
    'attributes/keys',
    'Keys are neither empty nor longer than the World announces',
    of('WW-ATTR-011'),
    async (t) => {
      const { maxAttributeKeyLength: longest } = t.facts.limits;
      const run = await t.startedRun();
      await refusedWrites(t, run, { '': 'no key' });
      await acceptedWrite(t, run, { k: 'the shortest key' });
      if (longest === 0) return;
      await refusedWrites(t, run, { ['k'.repeat(longest + 1)]: 'too long' });
      await acceptedWrite(t, run, { ['k'.repeat(longest)]: 'the longest key' });
      await refusedWrites(t, run, { ['k'.repeat(longest + 1)]: undefined });
    },
  ),
  check(
    'attributes/values',
    'Values are no longer than the World announces, in bytes of UTF-8',
    of('WW-ATTR-012'),
    async (t) => {
      const { maxAttributeValueBytes: most } = t.facts.limits;
      if (most === 0) t.notApplicable('the World announces no limit of values');
      const run = await t.startedRun();
      await refusedWrites(t, run, { key: 'v'.repeat(most + 1) });
      await acceptedWrite(t, run, { key: 'v'.repeat(most) });
      // Three bytes each in UTF-8, and one character.
      const wide = '日'.repeat(Math.floor(most / 3));
      await refusedWrites(t, run, { key: `${wide}日` });
      await acceptedWrite(t, run, { key: wide });
    },
  ),
  check(
    'attributes/number',
    'A run carries at most as many attributes as the World announces, counted after the write',
    of('WW-ATTR-013', 'WW-ATTR-014'),
    async (t) => {
      const { maxAttributes: most } = t.facts.limits;
      if (most === 0) t.notApplicable('the World announces no limit of attributes');
      const run = await t.startedRun({ create: { attributes: numbered(0, most - 1) } });
      await refusedWrites(t, run, { one: 'more', another: 'more' });
      await acceptedWrite(t, run, { one: 'more' });
      await refusedWrites(t, run, { another: 'more' });
      await acceptedWrite(t, run, { one: 'changed' });
      await acceptedWrite(t, run, { one: undefined, another: 'instead' });
      await acceptedWrite(t, run, { another2: 'instead', another: undefined });
      t.equal(Object.keys((await run.get()).attributes).length, most, 'attributes of the run');
      await refusedWrites(t, run, { 'a removal of nothing': undefined, another: 'too many' });
      await acceptedWrite(t, run, { k0: undefined });
      await acceptedWrite(t, run, { 'room again': 'yes' });
    },
  ),
  check(
    'attributes/key-twice',
    'An attr_set that names a key twice is refused',
    of('WW-ATTR-015', 'WW-ATTR-004'),
    async (t) => {
      const run = await t.startedRun({ create: { attributes: { key: 'before' } } });
      for (const changes of [
        [
          { key: 'key', value: 'a' },
          { key: 'key', value: 'b' },
        ],
        [
          { key: 'key', value: 'a' },
          { key: 'key', value: 'a' },
        ],
        [{ key: 'key', value: 'a' }, { key: 'other', value: 'x' }, { key: 'key' }],
        [{ key: 'key' }, { key: 'key' }],
      ])
        await t.refused(
          'attr_set that names a key twice',
          () => run.write(byWorkflow(t.unique('attr'), {}, { changes })),
          'ATTRIBUTE_INVALID',
        );
      t.equal({ ...(await run.get()).attributes }, { key: 'before' }, 'attributes');
      await acceptedWrite(t, run, { key: 'a', KEY: 'b' });
    },
  ),
  check(
    'attributes/reserved',
    'A key that starts with $ needs allow_reserved_attributes, to be set, changed and removed',
    of('WW-ATTR-016'),
    async (t) => {
      const run = await t.startedRun();
      const allowReservedAttributes = true;
      for (const changes of [
        { $mine: 'x' },
        { $: 'x' },
        { plain: 'x', $mine: 'x' },
        { $mine: undefined },
      ])
        await refusedWrites(t, run, changes as Changes);
      await t.accepted('a reserved key where it is allowed', () =>
        run.write(byWorkflow(t.unique('attr'), { $mine: 'x' }, { allowReservedAttributes })),
      );
      t.equal((await run.get()).attributes.$mine, 'x', 'the reserved attribute');
      // That one write was allowed it does not allow the next.
      await refusedWrites(t, run, { $mine: 'y' });
      await refusedWrites(t, run, { $mine: undefined });
      await acceptedWrite(t, run, { not$first: 'x' });
    },
  ),
  check(
    'attributes/of-creation',
    'The attributes of a creation keep the same rules, and a broken one leaves no run',
    of('WW-ATTR-017', 'WW-ATTR-011', 'WW-ATTR-016'),
    async (t) => {
      const { maxAttributes, maxAttributeKeyLength, maxAttributeValueBytes } = t.facts.limits;
      const broken: [string, Record<string, string>][] = [
        ['an empty key', { '': 'x' }],
        ['a reserved key', { $mine: 'x' }],
      ];
      if (maxAttributeKeyLength > 0)
        broken.push(['a long key', { ['k'.repeat(maxAttributeKeyLength + 1)]: 'x' }]);
      if (maxAttributeValueBytes > 0)
        broken.push(['a long value', { key: 'v'.repeat(maxAttributeValueBytes + 1) }]);
      if (maxAttributes > 0) broken.push(['too many', numbered(0, maxAttributes + 1)]);
      for (const [what, attributes] of broken)
        for (const event of [runCreated({ attributes }), runStarted(createsRun({ attributes }))]) {
          const run = absentRun(t);
          await t.refused(
            `${event.data?.case} with ${what}`,
            () => run.write(event),
            'ATTRIBUTE_INVALID',
          );
          await t.refused('GetRun', () => run.get(), 'RUN_NOT_FOUND');
        }
      const attributes: Record<string, string> = {
        ...numbered(0, Math.min(8, maxAttributes || 8) - 1),
        $mine: 'x',
      };
      const allowed = { attributes, allowReservedAttributes: true };
      for (const event of [runCreated(allowed), runStarted(createsRun(allowed))]) {
        const run = absentRun(t);
        await t.accepted(`${event.data?.case} with allowed attributes`, () => run.write(event));
        t.equal({ ...(await run.get()).attributes }, attributes, 'attributes');
      }
    },
  ),
  check(
    'attributes/incomplete',
    'An attr_set without changes or without a writer is refused',
    of('WW-ATTR-018'),
    async (t) => {
      const run = await t.startedRun();
      const changes = [{ key: 'colour', value: 'blue' }];
      const incomplete: [string, NewEventInit][] = [
        ['without changes', byWorkflow(t.unique('attr'), {})],
        ['of a step without changes', byStep(t.unique('attr'), {})],
        [
          'without a writer',
          { correlationId: t.unique('attr'), data: { case: 'attrSet', value: { changes } } },
        ],
        [
          'with a writer of no kind',
          {
            correlationId: t.unique('attr'),
            data: { case: 'attrSet', value: { changes, writer: {} } },
          },
        ],
      ];
      for (const [what, event] of incomplete)
        await t.refused(`attr_set ${what}`, () => run.write(event), 'INVALID_ARGUMENT');
      t.equal(await run.types(), ['runCreated', 'runStarted'], 'the log');
      await acceptedWrite(t, run, { colour: 'blue' });
    },
  ),
  check(
    'attributes/event-size',
    'One attr_set is no longer, as JSON, than the World announces',
    of('WW-ATTR-019'),
    async (t) => {
      const { limits } = t.facts;
      const most = limits.maxAttributeEventBytes;
      if (most === 0) t.notApplicable('the World announces no limit of one attr_set');
      const valueBytes = Math.min(200, limits.maxAttributeValueBytes || 200);
      const each = Buffer.byteLength('{"key":"k000","value":""},') + valueBytes;
      const room = limits.maxAttributes || Number.POSITIVE_INFINITY;
      const large = (bytes: number): Record<string, string> =>
        Object.fromEntries(
          Array.from({ length: Math.ceil(bytes / each) }, (_, at) => [
            `k${String(at).padStart(3, '0')}`,
            'v'.repeat(valueBytes),
          ]),
        );
      const tooLarge = large(most + MARGIN_BYTES);
      if (Object.keys(tooLarge).length > room)
        t.notApplicable('other limits are met before this one');
      const run = await t.startedRun();
      await refusedWrites(t, run, tooLarge);
      await acceptedWrite(t, run, large(most - MARGIN_BYTES - each));
    },
  ),
];

function numbered(from: number, to: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: Math.max(0, to - from) }, (_, at) => [`k${from + at}`, 'v']),
  );
}

/** Expects that a write of each kind of writer is refused and leaves nothing. */
async function refusedWrites(t: Context, run: RunHandle, changes: Changes): Promise<void> {
  const before = await run.get();
  const log = await run.types();
  const id = t.unique('attr');
  for (const event of [byWorkflow(id, changes), byStep(t.unique('attr'), changes)])
    await t.refused('attr_set', () => run.write(event), 'ATTRIBUTE_INVALID');
  t.equal(await run.get(), before, 'the run after a refused attr_set');
  t.equal(await run.types(), log, 'the log after a refused attr_set');
}

async function acceptedWrite(t: Context, run: RunHandle, changes: Changes): Promise<void> {
  await t.accepted('attr_set', () => run.write(byWorkflow(t.unique('attr'), changes)));
  const { attributes } = await run.get();
  for (const [key, value] of Object.entries(changes))
    t.equal(attributes[key], value, `the attribute ${key.slice(0, 40)}`);
}
