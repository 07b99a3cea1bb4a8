/** What the scripts here are made of. */

/** Creates a run by the World's own API, started where asked, and returns its id. */
export async function runOf(world, { started = true, ...more } = {}) {
  const { run } = await world.events.create(null, {
    eventType: 'run_created',
    specVersion: world.specVersion ?? 2,
    eventData: { deploymentId: 'dpl', workflowName: 'wf', input: new Uint8Array([1]), ...more },
  });
  if (started) await write(world, run.runId, 'run_started');
  return run.runId;
}

/** Writes an event. */
export function write(world, runId, eventType, correlationId, eventData) {
  return world.events.create(runId, {
    eventType,
    specVersion: world.specVersion ?? 2,
    ...(correlationId !== undefined && { correlationId }),
    ...(eventData !== undefined && { eventData }),
  });
}

/** `accepted`, or the name and message of what was thrown. */
export function outcomeOf(work) {
  return Promise.resolve()
    .then(work)
    .then(
      () => 'accepted',
      ({ name, message }) => `${name}: ${message}`.slice(0, 160),
    );
}

/** The types of a run's events, oldest first. */
export async function typesOf(world, runId) {
  const { data } = await world.events.list({
    runId,
    pagination: { sortOrder: 'asc', limit: 1000 },
  });
  return data.map(({ eventType }) => eventType);
}

/** What a list gives within so many milliseconds, or `nothing`. */
export function within(ms, work) {
  return Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms, 'nothing'))]);
}

export const stepOf = { stepName: 'step', input: new Uint8Array([1]) };

/** Ids as the SDK makes them: unique, and rising with time. */
let last = 0;
export function idOf(kind) {
  last += 1;
  return `${kind}_01ARZ3NDEKTSV4RRFFQ69G${String(last).padStart(4, '0')}`;
}
