/** What the vectors hold: values that every SDK can write. */
export const VALUES = {
  small: [{ greeting: 'hello', count: 42 }],
  empty: [],
  unicode: ['\u{1f600} 日本 \u0000 ü', { nested: [null, true, 1.5] }],
  // Long enough, and repetitive enough, to be worth compressing.
  large: [{ lines: Array.from({ length: 60 }, (_, at) => `line ${at} of a text that repeats`) }],
};

/** Where the vectors' runs live. The key and the runs are examples and guard nothing. */
export const PROJECT = 'prj_vectors';
export const RUN = 'wrun_01JD5V0Q4W8Y3K7Z2N6R9T1M5B';
export const OTHER_RUN = 'wrun_01JD5V0Q4W8Y3K7Z2N6R9T1M5C';

/** Names that a derivation must treat as UTF-8, and as they are. */
export const DERIVATIONS = [
  { name: 'first', label: 'deployment key 1', projectId: PROJECT, runId: RUN },
  { name: 'another-run', label: 'deployment key 1', projectId: PROJECT, runId: OTHER_RUN },
  { name: 'another-deployment', label: 'deployment key 2', projectId: PROJECT, runId: RUN },
  { name: 'another-project', label: 'deployment key 1', projectId: 'default', runId: RUN },
  { name: 'unicode-project', label: 'deployment key 1', projectId: 'prj_ü日本', runId: RUN },
];
