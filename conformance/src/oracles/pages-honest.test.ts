import { EventService, RunService, SortOrder, StepService } from '@worldwire/proto';
import { expect, it } from 'vitest';
import { pagesHonest } from './pages-honest.js';
import { runCreated, Trial } from './testing/exchanges.js';

const { listSteps } = StepService.method;
const [a, b] = [{ stepId: 'a' }, { stepId: 'b' }];

it('accepts pages that follow each other', () => {
  const trial = new Trial(pagesHonest);
  const page = { limit: 1 };
  expect(
    trial.call(listSteps, { page }, { steps: [a], page: { cursor: '1', hasMore: true } }),
  ).toBeUndefined();
  const second = { page: { ...page, cursor: '1' } };
  for (const _again of [1, 2])
    expect(trial.call(listSteps, second, { steps: [b], page: { cursor: '2' } })).toBeUndefined();
  const third = { page: { cursor: '2' } };
  expect(trial.call(listSteps, third, { page: { cursor: '2' } })).toBeUndefined();
  expect(trial.call(listSteps, {}, { page: {} })).toBeUndefined();
});

it.each([
  [/more items/, { limit: 1 }, { steps: [a, b], page: { cursor: '1' } }],
  [/has_more without an item/, {}, { page: { cursor: '1', hasMore: true } }],
  [/has_more without a cursor/, {}, { steps: [a], page: { hasMore: true } }],
  [/items without a cursor/, {}, { steps: [a], page: {} }],
  [/cursor that it was asked with/, { cursor: '1' }, { steps: [a], page: { cursor: '1' } }],
  [/twice/, {}, { steps: [a, a], page: { cursor: '1' } }],
])('finds %s', (words, page, response) => {
  expect(new Trial(pagesHonest).call(listSteps, { page }, response)).toMatchObject({
    message: expect.stringMatching(words),
  });
});

it('finds an item that comes again on a later page', () => {
  const trial = new Trial(pagesHonest);
  const more = { cursor: '1', hasMore: true };
  trial.call(listSteps, { runId: 'r' }, { steps: [a], page: more });
  const second = { runId: 'r', page: { cursor: '1' } };
  expect(trial.call(listSteps, second, { steps: [a], page: { cursor: '2' } })).toBeDefined();
  const elsewhere = { runId: 'x', page: { cursor: '1' } };
  expect(trial.call(listSteps, elsewhere, { steps: [a], page: { cursor: '2' } })).toBeUndefined();
});

it('leaves newest-first lists alone', () => {
  const { listRuns } = RunService.method;
  const trial = new Trial(pagesHonest);
  const twice = { runs: [{ runId: 'a' }, { runId: 'a' }], page: { cursor: '1' } };
  expect(trial.call(listRuns, {}, twice)).toBeUndefined();
  const ascending = { page: { sortOrder: SortOrder.ASCENDING } };
  expect(trial.call(listRuns, ascending, twice)).toBeDefined();
});

it('holds logs to the announced maximum', () => {
  const events = Array.from({ length: 101 }, runCreated);
  const found = new Trial(pagesHonest).call(
    EventService.method.listEvents,
    {},
    { events, page: { cursor: 'c' } },
  );
  expect(found?.message).toMatch(/more events than a page/);
});
