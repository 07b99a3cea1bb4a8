import { describe, expect, it } from 'vitest';
import { Verdict } from './gen/worldwire/conformance/v1/report_pb.js';
import { render } from './markdown.js';
import { sampleReport, sampleResult } from './testing/sample.js';

describe('markdown', () => {
  it('begins with the verdict', () => {
    const [line] = render(sampleReport()).split('\n');
    expect(line).toMatch(
      /^## ❌ Not conformant: 5 fail, 1 harness error, 4 not testable, \d+ pass/,
    );
    expect(render(sampleReport({ findings: false }))).toMatch(/^## ✅ Conformant: \d+ pass/);
  });

  it('counts each chapter in a table whose rows have the same cells', () => {
    const rows = render(sampleReport())
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(2 + 17 + 1);
    expect(new Set(rows.map((row) => row.split('|').length)).size).toBe(1);
    expect(rows.at(-1)).toContain('**300**');
  });

  it('folds each finding, with sentence, values and command', () => {
    const report = sampleReport();
    const text = render(report);
    const check = report.checks.find(({ brokenRequirement }) => brokenRequirement !== '')!;
    const part = text.slice(text.indexOf(`<code>${check.id}</code>`));
    const finding = part.slice(0, part.indexOf('\n</details>\n'));
    expect(finding).toContain(`> **${check.brokenRequirement}** (MUST) The World MUST`);
    expect(finding).toContain('Actual:\n\n```\n{\n  "position": "3"');
    expect(finding).toContain(`\`\`\`sh\n${check.reproduce}\n\`\`\``);
    expect(finding).toContain('after 7 earlier exchanges');
    expect(text.match(/^<details>$/gm)).toHaveLength(18);
    expect(text.match(/^<\/details>$/gm)).toHaveLength(18);
  });

  it('lets no text out of its place', () => {
    const text = render(sampleReport());
    // Outside of code blocks there is neither foreign HTML nor a link.
    const prose = text.replace(/^(`{3,}).*\n[\s\S]*?\n\1$/gm, '');
    expect(prose).not.toMatch(/<(?!\/?(?:details|summary|code|br)>)/);
    expect(prose).not.toContain('](');
    expect(prose).not.toContain('@everyone');
    expect(prose).toContain('&lt;/script&gt;');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u001b]/);
  });

  it('makes a fence longer than those in the text', () => {
    const report = sampleReport({ checks: 17, findings: false });
    report.checks.push(
      sampleResult({ id: 'x', verdict: Verdict.FAIL, actual: '````\n</details>\n````' }),
    );
    expect(render(report)).toContain('`````\n````\n</details>\n````\n`````');
  });

  it('stays under 1 MiB and counts what it leaves out', () => {
    const report = sampleReport({ checks: 17, findings: false });
    for (let at = 0; at < 600; at++) {
      report.checks.push(
        sampleResult({
          id: `x/${at}`,
          verdict: Verdict.FAIL,
          // Four bytes a character: the bound is one of bytes.
          actual: '😀'.repeat(2_000),
        }),
      );
    }
    const text = render(report);
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
    const shown = text.match(/^<details>$/gm)!.length;
    expect(shown).toBeGreaterThan(50);
    expect(text).toContain(`**${600 - shown} more**`);
  });
});
