import type { Mutant } from '../mutant.js';

const ATTRIBUTES = 'core/attributes.js';
const RUN = 'core/run.js';
const VALIDATE = 'core/validate-event.js';

/** Worlds with faulty attributes. */
export const attributeMutants: readonly Mutant[] = [
  {
    name: 'attribute-empty-removes',
    says: 'an empty value removes its key',
    patches: [
      {
        file: ATTRIBUTES,
        find: 'if (value === undefined)\n            next.delete(key);',
        replace: 'if (!value)\n            next.delete(key);',
      },
    ],
    kills: ['attributes/applied-in-order'],
  },
  {
    name: 'attribute-bad-ones-skipped',
    says: 'changes with a bad key are left out, and the others applied',
    patches: [
      {
        file: ATTRIBUTES,
        find: 'checkKey(key, allowReserved, limits);\n',
        replace: 'try { checkKey(key, allowReserved, limits); } catch { continue; }\n',
      },
    ],
    kills: [
      'attributes/all-or-nothing',
      'attributes/keys',
      'attributes/reserved',
      'attributes/of-creation',
      'transitions/attr-set-reserved-key-in-running',
    ],
  },
  {
    name: 'attribute-removals-unlogged',
    says: 'the stored attr_set lacks its removals',
    patches: [
      {
        file: RUN,
        find: "records: [{ case: 'attrSet', value: data }],",
        replace:
          "records: [{ case: 'attrSet', value: { ...data, changes: data.changes.filter(({ value }) => value !== undefined) } }],",
      },
    ],
    kills: ['attributes/event-as-written'],
  },
  {
    name: 'attribute-write-repeats',
    says: 'a workflow writes again under the same correlation id',
    patches: [{ file: RUN, find: 'if (state.attributesWritten)', replace: 'if (false)' }],
    kills: ['attributes/workflow-writes-once', 'attributes/once-race'],
  },
  {
    name: 'attribute-step-writes-once',
    says: 'a step writes once under a correlation id',
    patches: [
      {
        file: 'core/append.js',
        find: "if (row === undefined || data.value.writer?.writer.case !== 'workflow')",
        replace: "if (row === undefined || correlationId === '')",
      },
    ],
    kills: ['attributes/step-writes-always'],
  },
  {
    name: 'attribute-step-needs-id',
    says: 'an attr_set of a step needs a correlation id',
    patches: [
      {
        file: VALIDATE,
        find: "(data.case === 'attrSet' && !isByWorkflow)",
        replace: 'false',
      },
    ],
    kills: ['attributes/step-writes-without-id'],
  },
  {
    name: 'attribute-end-clears',
    says: 'the end of a run clears its attributes',
    patches: [
      {
        file: RUN,
        find: 'const next = { ...after, completedAt: command.at, updatedAt: command.at };',
        replace:
          'const next = { ...after, attributes: {}, completedAt: command.at, updatedAt: command.at };',
      },
    ],
    kills: ['attributes/kept-after-the-end'],
  },
  {
    name: 'attribute-values-in-characters',
    says: 'values are measured in characters',
    patches: [
      {
        file: ATTRIBUTES,
        find: 'const bytes = Buffer.byteLength(value);',
        replace: 'const bytes = value.length;',
      },
    ],
    kills: ['attributes/values'],
  },
  {
    name: 'attribute-count-before',
    says: 'removals do not make room for what the same write adds',
    patches: [
      {
        file: ATTRIBUTES,
        find: 'if (next.size > limits.maxAttributes)',
        replace:
          'if (new Set([...Object.keys(current), ...next.keys()]).size > limits.maxAttributes)',
      },
    ],
    kills: ['attributes/number'],
  },
  {
    name: 'attribute-key-twice',
    says: 'a write may name a key twice',
    patches: [{ file: ATTRIBUTES, find: 'if (seen.has(key))', replace: 'if (false)' }],
    kills: ['attributes/key-twice'],
  },
  {
    name: 'attribute-write-of-nothing',
    says: 'an attr_set without changes is accepted',
    patches: [
      {
        file: VALIDATE,
        find: "throw invalid('event.attr_set.changes', 'is empty');",
        replace: 'return;',
      },
    ],
    kills: ['attributes/incomplete'],
  },
  {
    name: 'attribute-write-of-any-size',
    says: 'an attr_set may be longer than announced',
    patches: [
      {
        file: ATTRIBUTES,
        find: 'if (bytes > limits.maxAttributeEventBytes)',
        replace: 'if (false)',
      },
    ],
    kills: ['attributes/event-size'],
  },
  {
    name: 'attribute-updates-lost',
    says: 'writes of the same 32 ms start from the same attributes, so that the last wins',
    patches: [
      {
        file: RUN,
        find: 'applyAttributes(run.attributes, data.changes',
        replace: `applyAttributes(((slot, seen) => {
        if (!seen.has(slot)) seen.set(slot, run.attributes);
        return seen.get(slot);
    })(run.runId + (command.now >> 5), (globalThis.attributesSeen ??= new Map())), data.changes`,
      },
    ],
    kills: ['attributes/no-change-lost', 'attributes/last-write-of-the-log-wins'],
  },
];
