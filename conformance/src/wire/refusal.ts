import { Code, ConnectError } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema, errorRules, RetryInfoSchema } from '@worldwire/proto';

/** An error of a World, taken apart. */
export interface Refusal {
  /** The canonical code in Connect's spelling, such as "not_found". */
  readonly code: string;
  /** The reason of the one ErrorInfo of the protocol's domain; empty where there is none. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The wait that the error asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly message: string;
  /** How many ErrorInfos of the domain it carries; conformant errors carry one. */
  readonly infos: number;
}

/** Takes an error apart. */
export function refusalOf(thrown: unknown): Refusal {
  const error = ConnectError.from(thrown);
  const infos = error.findDetails(ErrorInfoSchema).filter(({ domain }) => domain === ERROR_DOMAIN);
  const retry = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: codeName(error.code),
    reason: infos[0]?.reason ?? '',
    metadata: infos[0]?.metadata ?? {},
    retryAfterMs:
      retry === undefined ? undefined : Number(retry.seconds) * 1000 + retry.nanos / 1e6,
    message: error.rawMessage,
    infos: infos.length,
  };
}

/** A refusal in one line. */
export function describeRefusal(refusal: Refusal): string {
  const { code, reason, message, metadata } = refusal;
  const told = Object.keys(metadata).length > 0 ? ` ${JSON.stringify(metadata)}` : '';
  return `${code}/${reason === '' ? '(no reason)' : reason}: ${message}${told}`;
}

/** The code that the registry gives to a reason. */
export function codeOf(reason: string): string {
  const rule = errorRules.get(reason);
  if (rule === undefined) throw new Error(`the registry has no reason ${reason}`);
  return rule.code;
}

function codeName(code: Code): string {
  return Code[code].replace(/[A-Z]/g, (letter, index) =>
    index === 0 ? letter.toLowerCase() : `_${letter.toLowerCase()}`,
  );
}
