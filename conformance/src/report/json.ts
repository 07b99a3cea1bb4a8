import { fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { type Report, ReportSchema } from './gen/worldwire/conformance/v1/report_pb.js';
import { mapTexts, wellFormed } from './text.js';

/** The version of the schema that this suite writes. */
export const SCHEMA_VERSION = '1.0';

/** A text that is no report, or one of a schema that this suite does not read. */
export class ReportFormatError extends Error {
  override readonly name = 'ReportFormatError';
}

/** The report as ProtoJSON: indented, fields in the schema's order, a newline at the end. */
export function render(report: Report): string {
  const writable = mapTexts(report, wellFormed);
  return `${toJsonString(ReportSchema, writable, { prettySpaces: 2 })}\n`;
}

/**
 * Reads a report back. A report of a later minor version is read without the fields that are not known
 * here; one of another major version throws ReportFormatError, as anything does that is no report.
 */
export function parse(text: string): Report {
  let report: Report;
  try {
    report = fromJsonString(ReportSchema, text.replace(/^\uFEFF/, ''), {
      ignoreUnknownFields: true,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ReportFormatError(`not a conformance report: ${why}`, { cause });
  }
  const [major] = report.schemaVersion.split('.');
  if (major !== SCHEMA_VERSION.split('.')[0]) {
    const version = report.schemaVersion === '' ? 'no schema version' : report.schemaVersion;
    throw new ReportFormatError(
      `not a conformance report that this suite reads: ${version}, not ${SCHEMA_VERSION}`,
    );
  }
  return report;
}
