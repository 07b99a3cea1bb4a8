import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '../fixtures/duration.js';
import {
  ExchangeSchema,
  type Exchange as ReportedExchange,
} from '../report/gen/worldwire/conformance/v1/report_pb.js';
import { showMessage } from '../show.js';
import type { Exchange } from '../wire/recorder.js';
import { refusalOf } from '../wire/refusal.js';

/** The most exchanges that a report shows of one check: the last ones, where it failed. */
const SHOWN = 40;

/** Exchanges in the form of the report, oldest first, with how many were left out. */
export function traceOf(
  exchanges: readonly Exchange[],
  omitted: number,
  beganAt: number,
): { trace: ReportedExchange[]; traceOmitted: number } {
  const shown = exchanges.slice(-SHOWN);
  return {
    trace: shown.map((exchange) => reported(exchange, beganAt)),
    traceOmitted: omitted + exchanges.length - shown.length,
  };
}

function reported(exchange: Exchange, beganAt: number): ReportedExchange {
  const { method, client, request, responses, error } = exchange;
  const shown = create(ExchangeSchema, {
    method: `${method.parent.typeName}/${method.name}`,
    offset: durationFromMs(Math.max(0, exchange.beganAt - beganAt)),
    client,
    request: request === undefined ? '' : showMessage(method.input, request),
    response: responses.map((response) => showMessage(method.output, response)).join('\n'),
  });
  if (exchange.endedAt === undefined) {
    shown.errorCode = 'unanswered';
    shown.errorMessage = 'under way when the check ended';
  } else shown.duration = durationFromMs(exchange.endedAt - exchange.beganAt);
  if (error !== undefined) {
    const { code, reason, message, metadata } = refusalOf(error);
    shown.errorCode = code;
    shown.errorReason = reason;
    shown.errorMessage =
      Object.keys(metadata).length > 0 ? `${message} ${JSON.stringify(metadata)}` : message;
  }
  return shown;
}
