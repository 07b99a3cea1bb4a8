import { equals } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ReportSchema } from './gen/worldwire/conformance/v1/report_pb.js';
import { parse, ReportFormatError, render } from './json.js';
import { sampleReport } from './testing/sample.js';
import { mapTexts, wellFormed } from './text.js';

describe('json', () => {
  it('comes back as it went, hostile text and all', () => {
    const report = mapTexts(sampleReport(), wellFormed);
    const text = render(report);
    expect(equals(ReportSchema, parse(text), report)).toBe(true);
    expect(render(parse(text))).toBe(text);
  });

  it('writes what no encoding can hold as a replacement', () => {
    const report = sampleReport();
    report.command = 'cut in half: \uD83D';
    expect(parse(render(report)).command).toBe('cut in half: \uFFFD');
  });

  it('is indented ProtoJSON', () => {
    const lines = render(sampleReport()).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '{',
      '  "schemaVersion": "1.0",',
      '  "suiteVersion": "0.1.0",',
    ]);
    expect(lines).toContain('  "seed": "42",');
    expect(lines.at(-1)).toBe('');
  });

  it('reads a later minor version and leaves out what it does not know', () => {
    const text = '{"schemaVersion":"1.7","newField":1,"suiteVersion":"2"}';
    expect(parse(text).suiteVersion).toBe('2');
  });

  it.each([
    ['no JSON', 'PK'],
    ['another thing', '{"version":"1.0"}'],
    ['an array', '[]'],
    ['a later major version', '{"schemaVersion":"2.0"}'],
    ['a wrong type', '{"schemaVersion":"1.0","seed":{}}'],
  ])('refuses %s', (_, text) => {
    expect(() => parse(text)).toThrow(ReportFormatError);
  });
});
