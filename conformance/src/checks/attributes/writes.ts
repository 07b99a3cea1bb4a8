import { attrSet, type NewEventInit } from '../../fixtures/new-event.js';

/** One change, as a request spells it. */
interface Change {
  readonly key: string;
  readonly value?: string;
}

/** What a write may set beside its changes; `changes` stands in their place. */
interface More {
  readonly allowReservedAttributes?: boolean;
  readonly changes?: readonly Change[];
}

/** Changes by their keys; undefined removes. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** An attr_set of the workflow function. */
export function byWorkflow(id: string, changes: Changes, more: More = {}): NewEventInit {
  const writer = { writer: { case: 'workflow', value: {} } } as const;
  const { allowReservedAttributes = false } = more;
  return attrSet(id, {
    changes: [...(more.changes ?? listed(changes))],
    writer,
    allowReservedAttributes,
  });
}

/** An attr_set of a step. */
export function byStep(id: string, changes: Changes, stepId = 'step_writer'): NewEventInit {
  const writer = { writer: { case: 'step', value: { stepId, attempt: 1 } } } as const;
  return attrSet(id, { changes: listed(changes), writer });
}

function listed(changes: Changes) {
  return Object.entries(changes).map(([key, value]) =>
    value === undefined ? { key } : { key, value },
  );
}
