import type { Message } from '@bufbuild/protobuf';
import type { WorldFacts } from '../subject/world.js';
import type { Api } from '../wire/api.js';
import type { Exchange, Observer } from '../wire/recorder.js';

/** A departure that an oracle saw. */
export interface Finding {
  /** The requirement that is broken. */
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
  /** The check during which it was seen. */
  readonly during: string;
  /** The exchange that shows it. */
  readonly exchange: Exchange | undefined;
}

/**
 * Judges what the harness sees without knowing what any check is about. An oracle has an id, a title and requirements as
 * a check has, and its verdict comes at the end of the run.
 */
export interface Oracle {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly string[];
  readonly capabilities: readonly import('../check.js').CapabilityName[];
  /** Makes the oracle's part for one run of the suite. */
  judge(facts: WorldFacts): Judge;
}

/** An oracle at work. Methods throw Departure where they see a departure; the engine notes it. */
export interface Judge {
  /** How often there was something to judge; an oracle that saw nothing is not applicable. */
  readonly seen: number;
  begun?(exchange: Exchange): void;
  ended?(exchange: Exchange): void;
  message?(exchange: Exchange, message: Message): void;
  /** Reads on its own account about the runs that a check has touched, after the check. */
  audit?(api: Api, runIds: readonly string[]): Promise<void>;
}

/** How many findings of one oracle are kept; the first ones tell enough. */
const KEPT_FINDINGS = 5;

/** All oracles of a run of the suite. */
export class Oracles {
  readonly judges: { oracle: Oracle; judge: Judge; findings: Finding[]; count: number }[];

  constructor(oracles: readonly Oracle[], facts: WorldFacts) {
    this.judges = oracles
      .filter(({ capabilities }) => capabilities.every((name) => facts.has(name)))
      .map((oracle) => ({ oracle, judge: oracle.judge(facts), findings: [], count: 0 }));
  }

  /** Watches one check. */
  observer(checkId: string): Observer {
    return {
      begun: (exchange) => this.#each(checkId, exchange, (judge) => judge.begun?.(exchange)),
      ended: (exchange) => this.#each(checkId, exchange, (judge) => judge.ended?.(exchange)),
      message: (exchange, message) =>
        this.#each(checkId, exchange, (judge) => judge.message?.(exchange, message)),
    };
  }

  /** Lets every oracle look at the runs of a check. */
  async audit(checkId: string, api: Api, runIds: readonly string[]): Promise<void> {
    for (const entry of this.judges) {
      try {
        await entry.judge.audit?.(api, runIds);
      } catch (error) {
        note(entry, checkId, undefined, error);
      }
    }
  }

  #each(checkId: string, exchange: Exchange, look: (judge: Judge) => void): void {
    for (const entry of this.judges) {
      try {
        look(entry.judge);
      } catch (error) {
        note(entry, checkId, exchange, error);
      }
    }
  }
}

function note(
  entry: { findings: Finding[]; count: number },
  during: string,
  exchange: Exchange | undefined,
  error: unknown,
): void {
  if (!(error instanceof Error) || error.name !== 'Departure') throw error;
  const { message, expected, actual } = error as Error & { expected: string; actual: string };
  entry.count += 1;
  if (entry.findings.length < KEPT_FINDINGS)
    entry.findings.push({ message, expected, actual, during, exchange });
}
