import { create } from '@bufbuild/protobuf';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { ReportSchema, Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import { render } from './junit.js';
import { tally } from './summary.js';
import { sampleReport } from './testing/sample.js';

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** Reads XML strictly: what is not well-formed throws. */
function read(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = {
      name,
      attributes: { ...(attributes as Record<string, string>) },
      children: [],
      text: '',
    };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return root.children[0]!;
}

function all(element: Element, name: string): Element[] {
  const own = element.name === name ? [element] : [];
  return [...own, ...element.children.flatMap((child) => all(child, name))];
}

describe('junit', () => {
  const report = sampleReport();
  const root = read(render(report));
  const caseOf = (id: string) =>
    all(root, 'testcase').find(({ attributes }) => attributes.name === id)!;

  it('counts what it holds, in each suite and in all', () => {
    const counted = tally(report.checks);
    expect(root.attributes).toMatchObject({
      tests: '302',
      failures: `${counted.fail + counted['not-testable'] + 2}`,
      errors: '1',
      skipped: `${counted['not-applicable']}`,
      timestamp: '2026-03-01T10:20:30',
    });
    const suites = all(root, 'testsuite');
    expect(suites).toHaveLength(18);
    for (const suite of [root, ...suites]) {
      expect(suite.attributes.tests).toBe(`${all(suite, 'testcase').length}`);
      expect(suite.attributes.failures).toBe(`${all(suite, 'failure').length}`);
      expect(suite.attributes.errors).toBe(`${all(suite, 'error').length}`);
      expect(suite.attributes.skipped).toBe(`${all(suite, 'skipped').length}`);
    }
    expect(suites[3]!.attributes.name).toBe('HOOK Hooks');
  });

  it('gives each verdict its element', () => {
    const elements: Record<Verdict, string | undefined> = {
      [Verdict.UNSPECIFIED]: undefined,
      [Verdict.PASS]: undefined,
      [Verdict.FAIL]: 'failure',
      [Verdict.NOT_TESTABLE]: 'failure',
      [Verdict.HARNESS_ERROR]: 'error',
      [Verdict.NOT_APPLICABLE]: 'skipped',
      [Verdict.WARN]: 'system-out',
    };
    const seen = new Set<Verdict>();
    for (const check of report.checks) {
      seen.add(check.verdict);
      const expected = check.baselineReason === '' ? elements[check.verdict] : 'system-out';
      const found = caseOf(check.id).children.filter(({ name }) => name !== 'properties');
      expect(found.map(({ name }) => name)).toEqual(expected === undefined ? [] : [expected]);
    }
    expect(seen.size).toBe(6);
  });

  it('names the requirements as properties and the broken one with its sentence', () => {
    const check = report.checks.find(({ brokenRequirement }) => brokenRequirement !== '')!;
    const found = caseOf(check.id);
    const named = all(found, 'property').filter(
      ({ attributes }) => attributes.name === 'requirement',
    );
    expect(named.map(({ attributes }) => attributes.value)).toEqual(check.requirements);
    const text = all(found, 'failure')[0]!.text;
    expect(text).toContain(`${check.brokenRequirement}: The World `);
    expect(text).toContain('actual: {\n  "position": "3"');
    expect(text).toContain(check.reproduce);
  });

  it('keeps hostile text as text, and spells out what XML cannot hold', () => {
    const hostile = report.checks.find(({ title }) => title.startsWith('Hostile'))!;
    const text = all(caseOf(hostile.id), 'failure')[0]!.text;
    expect(text).toContain('</script><img src=x onerror="window.pwned=1"><!-- ]]>');
    expect(text).toContain('\\x1b[31mred\\x07 \\x00');
    expect(text).toContain('\\ud800');
  });

  it('fails for a baseline that does not hold', () => {
    const suite = all(root, 'testsuite').at(-1)!;
    expect(suite.attributes).toMatchObject({ name: 'baseline', failures: '2' });
    expect(all(suite, 'failure')[0]!.attributes.message).toBe('passes now');
  });

  it('is well-formed without a single check', () => {
    expect(read(render(create(ReportSchema))).attributes.tests).toBe('0');
  });
});
