import { createLogUpdate } from 'log-update';
import picocolors from 'picocolors';
import type { CheckResult } from './gen/worldwire/conformance/v1/report_pb.js';
import {
  counts,
  countsInWords,
  LABELS,
  OUTCOMES,
  type Outcome,
  outcomeOf,
  type Tally,
} from './summary.js';
import { wantsColors } from './terminal.js';
import { printable } from './text.js';

/** Milliseconds between two drawings. */
const INTERVAL_MS = 100;

/** A chapter of the plan. */
export interface PlannedChapter {
  readonly code: string;
  readonly title: string;
  /** The number of checks that will be run. */
  readonly checks: number;
}

/** What is shown of a run while it lasts. */
export interface Progress {
  /** A check began. May be left out; the display then names no check. */
  started(check: { readonly id: string; readonly chapter: string }): void;
  /** A check ended. */
  finished(result: CheckResult): void;
  /** Ends the display and gives the terminal back; call it also when the run is broken off. Idempotent. */
  stop(): void;
}

/** Where progress goes and how. */
export interface ProgressOptions {
  /** Default: standard error. Standard output is never touched. */
  readonly stream?: NodeJS.WriteStream;
  /** Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Shows a run's progress: on a terminal one line that is redrawn, with each failure kept above it; on
 * a pipe a line for each chapter when its last check ended. Chapters may run at the same time.
 */
export function createProgress(
  plan: readonly PlannedChapter[],
  options: ProgressOptions = {},
): Progress {
  const stream = options.stream ?? process.stderr;
  const env = options.env ?? process.env;
  const state = new State(plan);
  // A terminal that knows no size, as some containers give, cannot be redrawn.
  const sized = (stream.columns ?? 0) > 0 && (stream.rows ?? 0) > 0;
  const interactive = stream.isTTY === true && sized && env.TERM !== 'dumb';
  return interactive
    ? onTerminal(state, stream, wantsColors(stream, env))
    : onPipe(state, (line) => stream.write(`${line}\n`));
}

function onTerminal(state: State, stream: NodeJS.WriteStream, colors: boolean): Progress {
  const c = picocolors.createColors(colors);
  const log = createLogUpdate(stream);
  const draw = () => {
    const { done, total, counted } = state;
    const width = stream.columns;
    const cells = Math.max(0, Math.min(24, width - 56));
    const filled = total === 0 ? 0 : Math.round((done / total) * cells);
    const bar = cells === 0 ? '' : ` ${'█'.repeat(filled)}${'░'.repeat(cells - filled)}`;
    const bad = OUTCOMES.filter((each) => counts(each) || each === 'warn')
      .filter((each) => counted[each] > 0)
      .map((each) => `${LABELS[each].sign}${counted[each]}`)
      .join(' ');
    const line = `${bar} ${done}/${total} ${state.elapsed()} ${bad}${bad === '' ? '' : ' '}${state.current()}`;
    // One column is left free: a terminal breaks the line when the last one is written.
    log(
      c.dim(
        Array.from(line.trimStart())
          .slice(0, width - 1)
          .join(''),
      ),
    );
  };
  const timer = setInterval(draw, INTERVAL_MS);
  // The display alone keeps no process alive.
  timer.unref();
  draw();
  let stopped = false;
  return {
    started: (check) => state.started(check),
    finished(result) {
      if (stopped) return;
      const outcome = state.finished(result).outcome;
      if (!counts(outcome)) return;
      const { sign, one } = LABELS[outcome];
      const painted = outcome === 'harness-error' ? c.magenta(sign) : c.red(sign);
      log.persist(`${painted} ${printable(result.id)}${outcome === 'fail' ? '' : ` (${one})`}`);
      draw();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      log.clear();
      log.done();
    },
  };
}

function onPipe(state: State, write: (line: string) => void): Progress {
  let stopped = false;
  return {
    started: (check) => state.started(check),
    finished(result) {
      if (stopped) return;
      const { chapter } = state.finished(result);
      if (chapter.done === chapter.checks) write(state.chapterLine(chapter));
    },
    stop() {
      if (stopped) return;
      stopped = true;
      for (const chapter of state.chapters.values()) {
        const broken = chapter.done > 0 && chapter.done < chapter.checks;
        if (broken)
          write(`${state.chapterLine(chapter)}, ${chapter.checks - chapter.done} not run`);
      }
    },
  };
}

interface ChapterState {
  readonly code: string;
  readonly title: string;
  checks: number;
  done: number;
  readonly counted: Tally;
}

class State {
  readonly chapters = new Map<string, ChapterState>();
  readonly counted = noCounts();
  done = 0;
  total = 0;
  /** Checks that are under way, the oldest first. */
  private readonly running = new Map<string, string>();
  private lastChapter = '';
  private readonly begin = performance.now();

  constructor(plan: readonly PlannedChapter[]) {
    for (const { code, title, checks } of plan) {
      this.chapters.set(code, { code, title, checks, done: 0, counted: noCounts() });
      this.total += checks;
    }
  }

  started(check: { readonly id: string; readonly chapter: string }): void {
    this.running.set(check.id, check.chapter);
  }

  finished(result: CheckResult): { outcome: Outcome; chapter: ChapterState } {
    this.running.delete(result.id);
    this.lastChapter = result.chapter;
    const outcome = outcomeOf(result);
    this.done++;
    this.counted[outcome]++;
    const chapter = this.chapters.get(result.chapter) ?? {
      code: result.chapter,
      title: '',
      checks: 0,
      done: 0,
      counted: noCounts(),
    };
    this.chapters.set(result.chapter, chapter);
    chapter.done++;
    // What the plan did not foresee, such as findings that belong to no one check.
    if (chapter.done > chapter.checks) {
      chapter.checks++;
      this.total++;
    }
    chapter.counted[outcome]++;
    return { outcome, chapter };
  }

  /** The oldest check under way: when a run seems to hang, it is the one that hangs. Else the last chapter. */
  current(): string {
    const [oldest] = this.running;
    if (oldest === undefined) return printable(this.lastChapter);
    const [id, chapter] = oldest;
    return printable(`${chapter} ${id}`);
  }

  elapsed(): string {
    return `${Math.floor((performance.now() - this.begin) / 1000)} s`;
  }

  chapterLine({ code, title, counted }: ChapterState): string {
    const name = title === '' || title === code ? code : `${code} ${title}`;
    return printable(`[${this.done}/${this.total}] ${name}: ${countsInWords(counted)}`);
  }
}

function noCounts(): Tally {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Tally;
}
