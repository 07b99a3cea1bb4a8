import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../engine/baseline.js';
import { diff, render as renderDiff } from '../report/diff.js';
import type { Report } from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { RENDERINGS } from '../report/index.js';
import { parse, ReportFormatError } from '../report/json.js';
import { render as renderTerminal, wantsColors } from '../report/terminal.js';
import { EXIT } from './judging.js';
import { collectReport, type ReportTarget, reportFormats } from './options.js';

/** `report` and `diff`: work on reports that were written as JSON. */
export function reportCommands(program: Command, onExit: (code: number) => void): void {
  program
    .command('report')
    .description('show a report that was written with --report json=…, or render it in other forms')
    .argument('<file>', 'the JSON report')
    .option('--report <format=file>', reportFormats.join(', '), collectReport, [])
    .action((file: string, options: { report: ReportTarget[] }) => {
      const report = read(file);
      for (const { format, file: target } of options.report)
        writeFileSync(target, RENDERINGS[format](report));
      process.stdout.write(renderTerminal(report, { colors: wantsColors(process.stdout) }));
      onExit(report.conformant ? EXIT.conformant : EXIT.notConformant);
    });
  program
    .command('diff')
    .description('show which checks changed their verdict between two reports')
    .argument('<before>', 'the earlier JSON report')
    .argument('<after>', 'the later JSON report')
    .action((before: string, after: string) => {
      process.stdout.write(renderDiff(diff(read(before), read(after))));
    });
}

function read(file: string): Report {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ReportFormatError)
      throw new UsageError(`${file} is no report: ${error.message}`);
    throw new UsageError(`${file} cannot be read: ${String(error)}`);
  }
}
