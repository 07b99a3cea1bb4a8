import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOutputs } from '../outputs.mjs';
import { problemsOf } from '../problems.mjs';
import { readSpec } from '../registry.mjs';

const CHAPTER = `# Runs

What \`MUST\` means stands elsewhere.

- **[WW-RUN-001]** The World MUST keep a run. It is not lost.
- **[WW-RUN-002]** *(POSITIONS)* The World SHOULD NOT skip, see \`a.b. C\`,
  or repeat a position.

<!-- generated: transitions-run -->
<!-- end generated -->
`;

const ERRORS = `# Errors

- **[WW-ERR-001]** The World MAY refuse, unlike [WW-RUN-001].

<!-- generated: errors -->
<!-- end generated -->
`;

const TRANSITIONS = `
runs: { absent: { means: no run has the id }, running: { means: started } }
entities: {}
given: { create: with \`create\` }
tables:
  run:
    chapter: RUN
    runs: [absent, running]
    rows:
      - id: WW-RUN-101
        event: run_started
        given: create
        runs:
          absent: { append: [run_created, run_started], becomes: { run: running } }
          running: [nothing, { refuse: RUN_GONE }]
`;

/** A protocol of one reason and one capability. */
export const PROTOCOL = {
  errors: [
    {
      reason: 'RUN_GONE',
      code: 'failed_precondition',
      retryable: false,
      upstreamClass: 'RunExpiredError',
      upstreamStatus: 410,
      comment: 'The run has ended.',
    },
  ],
  capabilities: [{ capability: 'POSITIONS', comment: 'Dense.', methods: [], fields: [] }],
  limits: [],
};

/** A spec folder of two chapters and one table, built. */
export class SmallSpec {
  dir = mkdtempSync(join(tmpdir(), 'worldwire-spec-'));

  constructor() {
    this.write('02-runs.md', CHAPTER);
    this.write('11-errors.md', ERRORS);
    this.write('transitions.yaml', TRANSITIONS);
    this.build();
  }

  build() {
    writeOutputs(this.dir, readSpec(this.dir), PROTOCOL);
  }

  problems() {
    return problemsOf(this.dir, PROTOCOL);
  }

  read(path) {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  write(path, text) {
    writeFileSync(join(this.dir, path), text);
  }

  /** Replaces a text or a pattern that is there. */
  edit(path, from, to) {
    const text = this.read(path);
    const edited = text.replace(from, to);
    if (edited === text) throw new Error(`${path} does not hold ${from}`);
    this.write(path, edited);
  }
}
