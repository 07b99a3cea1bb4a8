import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  Attachment,
  type CheckResult,
  CheckResultSchema,
  ExchangeSchema,
  Level,
  type Report,
  ReportSchema,
  Verdict,
} from '../gen/worldwire/conformance/v1/report_pb.js';

/** Text that breaks whatever is not escaped: HTML, Markdown, XML, terminals, template strings. */
export const HOSTILE =
  '</script><img src=x onerror="window.pwned=1"><!-- ]]> </details> ``` | *b* [a](javascript:x) ' +
  '&amp; \' " $(x) \u001b[31mred\u0007 \u0000 \u2028 \uD800 \u202E @everyone';

const CHAPTERS: readonly [code: string, title: string, folder: string, capability?: string][] = [
  ['OVR', 'Overview and terms', 'overview'],
  ['RUN', 'Runs', 'runs', 'PROJECTS'],
  ['STEP', 'Steps', 'steps', 'LAZY_STEPS'],
  ['HOOK', 'Hooks', 'hooks', 'HOOK_RETENTION'],
  ['WAIT', 'Waits', 'waits'],
  ['ATTR', 'Attributes', 'attributes', 'ATTRIBUTES'],
  ['LOG', 'Event log and positions', 'log', 'POSITIONS'],
  ['PAGE', 'Reading and paging', 'paging'],
  ['QUEUE', 'Queue and compute', 'queue', 'QUEUE_ADMIN'],
  ['STREAM', 'Streams', 'streams', 'STREAM_WRITERS'],
  ['ERR', 'Errors', 'errors'],
  ['LIMIT', 'Limits', 'limits'],
  ['ID', 'Identifiers and time', 'ids'],
  ['SEC', 'Security', 'security', 'PUBLIC_KEYS'],
  ['CAP', 'Capabilities', 'capabilities'],
  ['VER', 'Versioning', 'versioning'],
  ['WIRE', 'Wire', 'wire'],
];

/** How many of each verdict, besides passes. */
export interface SampleOptions {
  /** Checks in all. Default 300. */
  readonly checks?: number;
  /** Requirements in all. Default 400. */
  readonly requirements?: number;
  /** Whether some checks do not pass. Default true. */
  readonly findings?: boolean;
}

/** A report of a made-up run. The same options give the same report. */
export function sampleReport(options: SampleOptions = {}): Report {
  const { checks: total = 300, requirements: required = 400, findings = true } = options;
  const checks = Array.from({ length: total }, (_, at) => sampleCheck(at, total, findings));
  const requirements = Array.from({ length: required }, (_, at) => {
    const [code, title, folder, capability] = chapterAt(at, required);
    const number = at - firstOf(code, required) + 1;
    const id = requirementId(code, number);
    const citing = checks.filter((check) => check.requirements.includes(id));
    const level = at % 9 === 4 ? Level.SHOULD : at % 31 === 7 ? Level.MAY : Level.MUST;
    const gated = capability !== undefined && at % 3 === 0;
    return {
      id,
      level,
      sentence: `The World ${Level[level]} keep ${title.toLowerCase()} rule ${number}: what one client of ${folder} was told is what every later reader of the same run is told, whatever happens between.`,
      chapter: code,
      capability: gated ? capability : '',
      checks: citing.map((check) => check.id),
      verdict: worst(citing),
      excluded:
        citing.length === 0 && at % 2 === 0
          ? 'No client can see it: it concerns what a World keeps after the last read.'
          : '',
    };
  });
  return create(ReportSchema, {
    schemaVersion: '1.0',
    suiteVersion: '0.1.0',
    specRevision: '1.0',
    startedAt: timestampFromDate(new Date('2026-03-01T10:20:30Z')),
    duration: durationFromMs(8_140),
    seed: 42n,
    repeat: 1,
    timeScale: 1,
    command: 'worldwire-conformance world http://127.0.0.1:7420 --seed 42',
    subject: {
      implementation: 'example-world',
      version: '2.3.1',
      protocolVersion: '1.0',
      capabilities: ['HOOK_RETENTION', 'POSITIONS', 'REQUEST_IDS', 'DURABILITY', 'QUEUE_ADMIN'],
      minSpecVersion: 1,
      maxSpecVersion: 3,
      attachment: Attachment.PROCESS,
      transport: 'connect',
      bridgedPackage: findings ? '@workflow/world-local@4.4.1' : '',
    },
    checks,
    requirements,
    chapters: CHAPTERS.map(([code, title]) => ({ code, title })),
    baselineProblems: findings
      ? [
          { check: 'hooks/check-2', problem: 'passes now' },
          { check: 'hooks/no-such-check', problem: 'unknown check' },
        ]
      : [],
    conformant: !findings,
  });
}

/** A check of a report, with what a test sets of it. */
export function sampleResult(init: MessageInitShape<typeof CheckResultSchema>): CheckResult {
  return create(CheckResultSchema, { chapter: 'RUN', verdict: Verdict.PASS, ...init });
}

function sampleCheck(at: number, total: number, findings: boolean): CheckResult {
  const [chapter, title, folder, capability] = chapterAt(at, total);
  const number = at - firstOf(chapter, total) + 1;
  const id = `${folder}/${WORDS[at % WORDS.length]}-${number}`;
  const init: MessageInitShape<typeof CheckResultSchema> = {
    id,
    title: `${title}: what was answered once is answered again (${number})`,
    chapter,
    requirements: [requirementId(chapter, number), requirementId(chapter, number + 1)],
    duration: durationFromMs(7 + ((at * 37) % 260)),
    reproduce: `worldwire-conformance world http://127.0.0.1:7420 --include ${id} --seed 42`,
    repetitions: at % 50 === 0 ? [Verdict.PASS, Verdict.PASS] : [],
    capabilities: capability !== undefined && number % 3 === 1 ? [capability] : [],
    verdict: Verdict.PASS,
  };
  if (number % 23 === 4 && capability !== undefined) {
    init.verdict = Verdict.NOT_APPLICABLE;
    init.missingCapability = capability;
    init.capabilities = [capability];
    init.message = `The World does not declare ${capability}.`;
  }
  if (!findings) return create(CheckResultSchema, init);
  switch (at % 75) {
    case 11:
      Object.assign(init, finding(Verdict.FAIL));
      init.brokenRequirement = requirementId(chapter, number);
      init.message = 'The second event took the position of the first: the log lost an event.';
      break;
    case 29:
      Object.assign(init, finding(Verdict.WARN));
      init.brokenRequirement = requirementId(chapter, number + 1);
      init.message = 'The page held fewer items than it could.';
      break;
    case 47:
      Object.assign(init, finding(Verdict.FAIL));
      init.message = 'The token was given to a second run.';
      init.baselineReason = 'Known since 2.3.0, mended in 2.4: https://example.org/issues/17';
      break;
    case 52:
      Object.assign(init, finding(Verdict.NOT_TESTABLE));
      init.message = 'Not testable: no hook could be created, see hooks/create-1.';
      init.trace = [];
      init.expected = '';
      init.actual = '';
      break;
  }
  if (at === 90) {
    init.verdict = Verdict.HARNESS_ERROR;
    init.message = 'TypeError: undefined is not a function\n    at check (queue.js:12:3)';
  }
  if (at === 100) {
    Object.assign(init, finding(Verdict.FAIL));
    init.title = `Hostile ${HOSTILE}`;
    init.message = `${HOSTILE}\n${'a long line '.repeat(300)}`;
    init.expected = HOSTILE;
    init.actual = `${HOSTILE}${'x'.repeat(5_000)}`;
    init.reproduce = `worldwire-conformance world 'http://[::1]:7420/${'long/'.repeat(30)}' --include "${id}"`;
  }
  return create(CheckResultSchema, init);
}

function finding(verdict: Verdict): MessageInitShape<typeof CheckResultSchema> {
  const call = (at: number, method: string, request: unknown, answer: object) =>
    create(ExchangeSchema, {
      method: `worldwire.v1.${method}`,
      offset: durationFromMs(at * 13),
      duration: durationFromMs(3 + at),
      client: at % 2 === 0 ? 'a' : 'b',
      request: JSON.stringify(request),
      ...answer,
    });
  return {
    verdict,
    expected: '{\n  "position": "4",\n  "type": "hook_received"\n}',
    actual: '{\n  "position": "3",\n  "type": "hook_received"\n}',
    traceOmitted: 7,
    trace: [
      call(0, 'WorldService/GetWorld', {}, { response: '{"implementation":"example-world"}' }),
      call(
        1,
        'EventService/CreateEvent',
        { runId: 'wrun_01', runCreated: { workflowName: 'w' } },
        {
          response:
            '{"event":{"runId":"wrun_01","position":"1"},"run":{"runId":"wrun_01","state":"RUN_STATE_PENDING"}}',
        },
      ),
      call(
        2,
        'HookService/GetHookByToken',
        { token: 'order-17' },
        {
          errorCode: 'not_found',
          errorReason: 'HOOK_NOT_FOUND',
          errorMessage: `no hook with this token {"token":"order-17"} ${HOSTILE}`,
        },
      ),
      call(
        3,
        'EventService/WatchEvents',
        { runId: 'wrun_01', afterPosition: '0' },
        {
          response:
            '{"event":{"position":"1"}}\n{"event":{"position":"2"}}\n{"event":{"position":"3"}}',
        },
      ),
      call(
        4,
        'StreamService/Append',
        { runId: 'wrun_01', chunks: ['QUJD…(65536 bytes)'] },
        {
          response: '{"nextIndex":"1"}',
        },
      ),
    ],
  };
}

const WORDS = [
  'create',
  'token-has-one-owner',
  'survives-a-restart',
  'refuses-an-unknown-id',
  'order',
];

function requirementId(chapter: string, number: number): string {
  return `WW-${chapter}-${`${number}`.padStart(3, '0')}`;
}

function chapterAt(at: number, total: number) {
  return CHAPTERS[Math.floor((at * CHAPTERS.length) / total)]!;
}

/** The index of the first item of a chapter, where so many items are spread over all chapters. */
function firstOf(code: string, total: number): number {
  const chapter = CHAPTERS.findIndex(([each]) => each === code);
  return Math.ceil((chapter * total) / CHAPTERS.length);
}

function worst(checks: readonly CheckResult[]): Verdict {
  const order = [
    Verdict.FAIL,
    Verdict.HARNESS_ERROR,
    Verdict.NOT_TESTABLE,
    Verdict.WARN,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
  ];
  return (
    order.find((each) => checks.some((check) => check.verdict === each)) ?? Verdict.UNSPECIFIED
  );
}
