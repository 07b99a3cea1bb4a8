/** The longest that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000 };

/** Takes away a deadline beyond what a timer can wait: it would pass at once. */
export function dropFarDeadlines(
  headers: Record<string, string | readonly string[] | undefined>,
): void {
  if (Number(headers['connect-timeout-ms']) > MAX_TIMER_MS) delete headers['connect-timeout-ms'];
  const grpc = /^(\d{1,8})([HMS])$/.exec(String(headers['grpc-timeout'] ?? ''));
  if (grpc !== null && Number(grpc[1]) * UNIT_MS[grpc[2]!]! > MAX_TIMER_MS)
    delete headers['grpc-timeout'];
}
