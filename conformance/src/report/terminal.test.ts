import { describe, expect, it } from 'vitest';
import { Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import { render, wantsColors } from './terminal.js';
import { sampleReport, sampleResult } from './testing/sample.js';

describe('terminal', () => {
  it('ends with the verdict', () => {
    const good = sampleReport({ findings: false });
    expect(render(good).trimEnd().split('\n').at(-1)).toMatch(
      /^conformant: \d+ pass, \d+ not applicable \(8\.1 s, seed 42\)$/,
    );
    expect(render(sampleReport()).trimEnd().split('\n').at(-1)).toMatch(
      /^not conformant: 5 fail, .*2 baseline entries wrong \(8\.1 s, seed 42\)$/,
    );
  });

  it('shows a failure under its requirement, with values, trace and command', () => {
    const report = sampleReport();
    const check = report.checks.find(({ brokenRequirement }) => brokenRequirement !== '')!;
    const text = render(report);
    const at = text.indexOf(`✗ ${check.id}`);
    expect(text.slice(0, at)).toContain(`${check.brokenRequirement} MUST  The World MUST keep`);
    const shown = text.slice(at, text.indexOf(check.reproduce, at));
    expect(shown).toContain(check.message);
    expect(shown).toContain('expected  {\n                  "position": "4"');
    expect(shown).toContain('… 8 earlier on the wire');
    expect(shown).toContain('→ not_found HOOK_NOT_FOUND');
    expect(shown).not.toContain('GetWorld');
  });

  it('says a sentence once for all checks that break it', () => {
    const report = sampleReport({ checks: 17, findings: false });
    const [requirement] = report.requirements;
    for (const id of ['a/1', 'a/2']) {
      report.checks.push(
        sampleResult({
          id,
          chapter: 'OVR',
          verdict: Verdict.FAIL,
          requirements: [requirement!.id],
        }),
      );
    }
    expect(render(report).split(requirement!.sentence)).toHaveLength(2);
  });

  it('lets no text steer the terminal', () => {
    const text = render(sampleReport());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(text).toContain('\\x1b[31mred');
  });

  it('names findings beyond the bound by id', () => {
    const report = sampleReport();
    const text = render(report, { maxFindings: 1 });
    const failing = report.checks.filter(({ verdict }) => verdict === Verdict.FAIL);
    for (const { id } of failing) expect(text).toContain(id);
    expect(text.match(/^ +actual /gm)).toHaveLength(1);
  });

  it('colours only when asked', () => {
    expect(render(sampleReport(), { colors: true })).toContain('\u001b[31m✗');
    expect(wantsColors({ isTTY: true }, {})).toBe(true);
    expect(wantsColors({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColors({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColors({}, { FORCE_COLOR: '1' })).toBe(false);
  });
});
