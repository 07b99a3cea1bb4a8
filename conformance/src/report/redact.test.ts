import { describe, expect, it } from 'vitest';
import { render } from './json.js';
import { REDACTED, redact, redactor } from './redact.js';
import { sampleReport } from './testing/sample.js';

const SECRET = 's3cr3t/"value"+1';

describe('redactor', () => {
  const clean = redactor();

  it.each([
    [
      'curl -H "Authorization: Bearer abc.def-1" http://h',
      `curl -H "Authorization: Bearer ${REDACTED}" http://h`,
    ],
    ['{"authorization":"Basic dTpw"}', `{"authorization":"Basic ${REDACTED}"}`],
    ['{"authorization": ["Bearer abc"]}', `{"authorization": ["Bearer ${REDACTED}"]}`],
    [
      '"{\\"authorization\\":\\"Bearer abc\\"}"',
      `"{\\"authorization\\":\\"Bearer ${REDACTED}\\"}"`,
    ],
    ['sent Bearer abcdef123', `sent Bearer ${REDACTED}`],
    ['run --token abc --seed 42', `run --token ${REDACTED} --seed 42`],
    ["run --token='a b' --seed 42", `run --token=${REDACTED} --seed 42`],
    ['run --auth-token=abc', `run --auth-token=${REDACTED}`],
    [
      'WORLDWIRE_TOKEN=abc PGPASSWORD="x y" npm start',
      `WORLDWIRE_TOKEN=${REDACTED} PGPASSWORD=${REDACTED} npm start`,
    ],
    ['postgres://user:p@ss@host:5432/db', `postgres://${REDACTED}@host:5432/db`],
    ['https://h/x?a=1&access_token=abc&b=2', `https://h/x?a=1&access_token=${REDACTED}&b=2`],
  ])('cleans %s', (text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it.each([
    '{"token":"order-17","hookId":"hook_1"}',
    'run --token-file /run/token --seed 42',
    'The World MUST refuse a bearer token that it does not know.',
    'basic information on the token',
    'http://127.0.0.1:7420/worldwire.v1.HookService/GetHookByToken',
    'npm install @workflow/world-local@4.4.1',
  ])('leaves %s', (text) => {
    expect(clean(text)).toBe(text);
  });

  it('takes out a given secret in every form, but no word that is too short to be one', () => {
    const known = redactor([SECRET, 'ok']);
    const forms = [SECRET, encodeURIComponent(SECRET), JSON.stringify({ x: SECRET }), btoa(SECRET)];
    for (const form of forms) {
      expect(known(`a ${form} b`)).toContain(REDACTED);
      expect(known(form)).not.toContain('s3cr3t');
    }
    expect(known('ok')).toBe('ok');
  });

  it('comes to an end with long texts', () => {
    // A pattern that looks back over the whole text would take hours.
    for (const part of ['a', '://', '--a-', 'A_', 'authorization: ', '?', '"\\']) {
      const text = part.repeat(1_000_000 / part.length);
      expect(clean(text).length).toBeLessThan(2 * text.length);
    }
  });
});

describe('redact', () => {
  it('cleans every text of a report and leaves the report itself alone', () => {
    const report = sampleReport();
    const before = render(report);
    report.command += ` --token ${SECRET}`;
    report.subject!.implementation = SECRET;
    report.subject!.capabilities.push(SECRET);
    report.checks[3]!.requirements.push(SECRET);
    report.checks[11]!.trace[1]!.request = JSON.stringify({ x: SECRET });
    report.checks[11]!.actual = SECRET;
    report.baselineProblems[0]!.problem = SECRET;
    const redacted = render(redact(report, [SECRET]));
    expect(redacted).not.toContain('s3cr3t');
    expect(redacted.split(REDACTED).length - 1).toBe(7);
    expect(report.subject!.implementation).toBe(SECRET);
    expect(render(redact(sampleReport()))).toBe(before);
  });
});
