import type { Mutant } from '../mutant.js';
import { STORE_FAULT } from '../store-fault.js';

/** Answers when the commands of a group have run, and commits 200 ms later: what a forgotten fsync loses in a crash. */
const ACKNOWLEDGED_EARLY = {
  file: 'store/sqlite/group-commit.js',
  find: `            this.transactions.commit();
        }
        catch (error) {
            this.transactions.rollback();`,
  replace: `            this.late ??= setTimeout(() => { this.late = undefined; this.transactions.commit(); }, 200);
        }
        catch (error) {
            this.transactions.rollback();`,
};

/** A group may begin while the one before is not committed: it then joins it. */
const JOINS_OPEN_TRANSACTION = {
  file: 'store/sqlite/transaction.js',
  find: 'this.#beginImmediate.run();',
  replace: 'if (!this.db.inTransaction) this.#beginImmediate.run();',
};

const COMMITS_ONCE = {
  file: 'store/sqlite/transaction.js',
  find: `    commit() {
        this.#commit.run();`,
  replace: `    commit() {
        if (this.db.inTransaction) this.#commit.run();`,
};

/** Each write of a commit is a commit of its own, with a pause behind it in which the process may die. */
const WRITES_ONE_BY_ONE = {
  file: 'store/sqlite/transaction.js',
  find: '        return this.#operations[name](...args);',
  replace: `        const result = this.#operations[name](...args);
        if (WRITES[name] && this.db.inTransaction) {
            this.#commit.run();
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8);
            this.#beginImmediate.run();
        }
        return result;`,
};

/** Worlds that lose or tear what they wrote when a fault comes between. */
export const faultMutants: readonly Mutant[] = [
  {
    name: 'acknowledges-before-commit',
    says: 'requests are answered before their commit is on disk',
    patches: [ACKNOWLEDGED_EARLY, JOINS_OPEN_TRANSACTION, COMMITS_ONCE],
    kills: ['faults/acknowledged-events-survive', 'faults/batches-survive-whole'],
  },
  {
    name: 'request-ids-of-one-process',
    says: 'the answers to request ids are kept in memory',
    patches: [
      {
        file: 'store/sqlite/outcomes.js',
        find: '    return {\n        getOutcome(project, requestId) {',
        replace:
          "    sql.prepare('DELETE FROM outcomes').run();\n    return {\n        getOutcome(project, requestId) {",
      },
    ],
    kills: ['faults/request-ids-survive'],
  },
  {
    name: 'commits-piecemeal',
    says: 'an event and the records that follow from it are separate commits',
    patches: [WRITES_ONE_BY_ONE, COMMITS_ONCE],
    kills: ['faults/no-part-of-a-commit'],
  },
  {
    name: 'record-before-event',
    says: 'a record is committed before its event, which may then fail',
    patches: [
      WRITES_ONE_BY_ONE,
      COMMITS_ONCE,
      {
        file: 'core/append.js',
        find: `    if (events.length > 0)
        yield* store.appendEvents(key, events, end);
    const { run, step, hook, wait, resume } = decision;`,
        replace: '    const { run, step, hook, wait, resume } = decision;',
      },
      {
        file: 'core/append.js',
        find: `    if (events.length > 0)
        yield* store.notify(runTopic(project, command.runId));`,
        replace: `    if (events.length > 0) {
        yield* store.appendEvents(key, events, end);
        yield* store.notify(runTopic(project, command.runId));
    }`,
      },
    ],
    kills: [
      'faults/store-refuses-run-created',
      'faults/store-refuses-run-completed',
      'faults/store-refuses-run-failed',
      'faults/store-refuses-run-cancelled',
      'faults/store-refuses-step-created',
      'faults/store-refuses-step-completed',
      'faults/store-refuses-step-failed',
      'faults/store-refuses-hook-created',
      'faults/store-refuses-hook-disposed',
      'faults/store-refuses-wait-created',
      'faults/store-refuses-wait-completed',
    ],
    args: ['--store-fault', STORE_FAULT],
  },
  {
    name: 'faults-of-the-store-are-swallowed',
    says: 'an event that the store refuses is acknowledged',
    patches: [
      {
        file: 'store/sqlite/events.js',
        find: 'insert.run(key, Number(event.position), type, event.correlationId, data, payload);',
        replace:
          'try { insert.run(key, Number(event.position), type, event.correlationId, data, payload); } catch { }',
      },
    ],
    kills: [
      'faults/store-refuses-step-started',
      'faults/store-refuses-step-retrying',
      'faults/store-refuses-hook-received',
    ],
    args: ['--store-fault', STORE_FAULT],
  },
  {
    name: 'cursors-of-one-process',
    says: 'a cursor is good only for the process that issued it',
    patches: [
      {
        file: 'core/cursor.js',
        find: 'export function fingerprint(parts) {\n    let hash = 0x811c9dc5;',
        replace: 'export function fingerprint(parts) {\n    let hash = 0x811c9dc5 ^ process.pid;',
      },
    ],
    kills: ['faults/cursors-survive'],
  },
  {
    name: 'tokens-of-one-process',
    says: 'who holds a token is kept in memory',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'export function hookOperations(sql) {',
        replace:
          "export function hookOperations(sql) {\n    sql.prepare('UPDATE hooks SET state = 2 WHERE state = 1').run();",
      },
    ],
    kills: ['faults/tokens-survive'],
  },
];
