import type { Failure } from '@worldwire/proto';
import type { Context } from '../../context.js';
import type { failure } from '../../fixtures/new-event.js';

/** Expects an error in the form in which it was written. */
export function sameFailure(
  t: Context,
  actual: Failure | undefined,
  wanted: ReturnType<typeof failure>,
  what: string,
): void {
  const form = wanted.form;
  t.equal(actual?.form.case, form?.case, `the form of ${what}`);
  if (form?.case === 'payload') t.equal(actual?.form.value as unknown, form.value, what);
  if (form?.case !== 'structured' || actual?.form.case !== 'structured') return;
  t.equal(actual.form.value.message, form.value?.message, `the message of ${what}`);
  t.equal(actual.form.value.stack, form.value?.stack, `the stack of ${what}`);
}
