import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Backoff, DEFAULT_RETRY, linkedAbort, sleep } from './backoff.js';
import { WorldError } from './error.js';

const error = new WorldError('away', { code: 'unavailable' });

describe('Backoff', () => {
  it('throws the error itself where the wait would end after the budget or the end', async () => {
    const none = new Backoff({ ...DEFAULT_RETRY, budgetMs: 0 });
    await expect(none.wait(error, [])).rejects.toBe(error);
    const some = new Backoff(DEFAULT_RETRY);
    await expect(some.wait(error, [], performance.now())).rejects.toBe(error);
    const asked = new WorldError('busy', { code: 'unavailable', retryAfterMs: 400_000 });
    await expect(some.wait(asked, [])).rejects.toBe(asked);
  });
});

describe('signals', () => {
  it('are left without listeners by sleeps and links that ended', async () => {
    const { signal } = new AbortController();
    await sleep(1, [signal, undefined]);
    linkedAbort([signal]).unlink();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('end a sleep with canceled, also when they were aborted before', async () => {
    const abort = new AbortController();
    const waiting = sleep(1e12, [abort.signal]);
    abort.abort('enough');
    await expect(waiting).rejects.toMatchObject({ code: 'canceled', cause: 'enough' });
    await expect(sleep(1e12, [abort.signal])).rejects.toMatchObject({ code: 'canceled' });
  });
});
