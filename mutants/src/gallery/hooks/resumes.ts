import type { Mutant } from '../../mutant.js';
import { REMEMBERS } from '../stale.js';

/** Worlds that are wrong about resumes that are repeated. */
export const resumeMutants: readonly Mutant[] = [
  {
    name: 'resume-forgotten-at-the-end',
    says: 'a resume id is forgotten when the run has ended',
    patches: [
      {
        file: 'core/hook.js',
        find: 'if (state.resume !== undefined) {',
        replace: 'if (state.resume !== undefined && !isEnded(state.row.run.status)) {',
      },
    ],
    kills: ['hooks/resume-once', 'hooks/resume-after-end', 'hooks/resume-against-disposed'],
  },
  {
    name: 'resume-id-not-returned',
    says: 'an event does not tell its resume id',
    patches: [{ file: 'core/append.js', find: 'event.resumeId = command.resumeId;', replace: ';' }],
    kills: ['hooks/resume-id-returned'],
  },
  {
    name: 'resume-ids-of-all-runs',
    says: 'a resume id counts for all runs together',
    patches: [
      {
        file: 'store/sqlite/hooks.js',
        find: 'FROM resumes WHERE run_key = ? AND resume_id = ?',
        replace: 'FROM resumes WHERE ? > 0 AND resume_id = ?',
      },
    ],
    kills: ['hooks/resume-of-two-runs'],
  },
  {
    name: 'resume-whatever-it-carries',
    says: 'a resume id that comes again with another payload is taken for the first',
    patches: [
      {
        file: 'core/hook.js',
        find: 'if (state.resume.hookId === correlationId && state.resume.digest === digest)',
        replace: 'if (state.resume.hookId === correlationId || digest === undefined)',
      },
    ],
    kills: ['hooks/resume-conflict', 'hooks/resume-race-of-payloads'],
  },
  {
    name: 'resume-check-then-insert',
    says: 'whether a resume id is new is decided on what was read a moment before',
    patches: [
      REMEMBERS,
      {
        file: 'core/append.js',
        find: 'return { row, hook, resume: yield* store.getResume(row.key, event.resumeId) };',
        replace: `const known = yield* store.getResume(row.key, event.resumeId);
            return { row, hook, resume: stale(\`resume \${row.key} \${event.resumeId}\`, known, known === undefined) };`,
      },
      {
        file: 'store/sqlite/hooks.js',
        find: "'INSERT INTO resumes",
        replace: "'INSERT OR IGNORE INTO resumes",
      },
    ],
    kills: ['hooks/resume-race', 'hooks/resume-race-of-payloads'],
  },
  {
    name: 'resume-id-unchecked',
    says: 'a resume id is taken with any event, and any text is a digest',
    patches: [
      {
        file: 'core/validate-event.js',
        find: '    checkResume(event, data, limits);\n',
        replace: '',
      },
    ],
    kills: ['hooks/resume-id-elsewhere'],
  },
];
