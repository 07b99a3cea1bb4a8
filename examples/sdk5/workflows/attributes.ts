import { setAttributes } from 'workflow';
import { record } from '../shared/ledger.ts';

async function label(colour: string): Promise<void> {
  'use step';
  record('label', { colour });
  await setAttributes({ colour, fromStep: 'yes' });
}

/** Attributes set by the workflow, by a step, and taken away again. */
export async function attributed(order: string): Promise<string> {
  'use workflow';
  await setAttributes({ phase: 'received', order, temporary: 'x' });
  await label('blue');
  await setAttributes({ phase: 'done', temporary: undefined });
  return order;
}
