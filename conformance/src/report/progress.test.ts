import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import { createProgress } from './progress.js';
import { sampleResult } from './testing/sample.js';

const plan = [
  { code: 'RUN', title: 'Runs', checks: 2 },
  { code: 'STEP', title: 'Steps', checks: 2 },
];
const pass = (id: string, chapter: string) => sampleResult({ id, chapter });
const fail = (id: string, chapter: string) => sampleResult({ id, chapter, verdict: Verdict.FAIL });

function sink(tty: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY: tty, columns: 60, rows: 20 });
  let text = '';
  stream.on('data', (data) => {
    text += data;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('writes a line for each chapter on a pipe, also where chapters run at once', () => {
    const { stream, text } = sink(false);
    const progress = createProgress(plan, { stream, env: {} });
    progress.finished(pass('runs/a', 'RUN'));
    progress.finished(fail('steps/a', 'STEP'));
    expect(text()).toBe('');
    progress.finished(pass('runs/b', 'RUN'));
    expect(text()).toBe('[3/4] RUN Runs: 2 pass\n');
    progress.stop();
    progress.stop();
    expect(text()).toBe('[3/4] RUN Runs: 2 pass\n[3/4] STEP Steps: 1 fail, 1 not run\n');
  });

  it('redraws one line that fits the terminal, and keeps failures above it', () => {
    const { stream, text } = sink(true);
    const progress = createProgress(plan, { stream, env: { NO_COLOR: '1' } });
    progress.started({ id: `runs/${'long-'.repeat(40)}`, chapter: 'RUN' });
    vi.advanceTimersByTime(150);
    const drawn = text()
      .split('\n')
      .map((line) => stripVTControlCharacters(line));
    expect(drawn.some((line) => line.includes('0/4') && line.includes('RUN runs/long-'))).toBe(
      true,
    );
    for (const line of drawn) expect(line.length).toBeLessThan(60);
    progress.finished(fail('runs/\u001b[2Jb', 'RUN'));
    expect(text()).toContain('✗ runs/\\x1b[2Jb');
    progress.stop();
    const length = text().length;
    vi.advanceTimersByTime(1_000);
    progress.finished(pass('runs/c', 'RUN'));
    expect(text()).toHaveLength(length);
  });

  it('draws nothing over itself where the terminal knows no size', () => {
    const { stream, text } = sink(true);
    const progress = createProgress(plan, {
      stream: Object.assign(stream, { columns: 0 }),
      env: {},
    });
    progress.finished(pass('runs/a', 'RUN'));
    progress.finished(pass('runs/b', 'RUN'));
    expect(text()).toBe('[2/4] RUN Runs: 2 pass\n');
  });

  it('takes results that the plan did not foresee', () => {
    const { stream, text } = sink(false);
    const progress = createProgress([], { stream, env: {} });
    progress.finished(pass('wire/schema', 'WIRE'));
    expect(text()).toBe('[1/1] WIRE: 1 pass\n');
  });
});
