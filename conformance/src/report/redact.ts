import type { Report } from './gen/worldwire/conformance/v1/report_pb.js';
import { mapTexts } from './text.js';

/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

/** Known secrets shorter than this are not searched for by value: they would garble ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** A quote, also one that is escaped because it stands in a JSON string. */
const QUOTE = String.raw`\\*["']`;

/**
 * Where secrets stand. A JSON member named `token` is none of them: it is the token of a hook, which
 * the protocol speaks of openly and a trace must show.
 */
const PATTERNS: readonly { pattern: RegExp; replacement: string }[] = [
  // Authorization: Bearer abc, "authorization": "Basic abc", authorization=abc.
  {
    pattern: new RegExp(
      String.raw`\b((?:proxy-)?authorization|x-api-key|api-key|(?:set-)?cookie)` +
        String.raw`((?:${QUOTE})?\s*[:=]\s*\[?\s*(?:${QUOTE})?)((?:basic|bearer|token|digest)\s+)?[^\s"'\\,;\]}]+`,
      'gi',
    ),
    replacement: `$1$2$3${REDACTED}`,
  },
  // Bearer abc-1, where no header's name stands before it. Prose is left: a credential is no plain word.
  {
    pattern: /\b(Bearer|Basic)\s+(?=[A-Za-z]*[0-9._~+/=-])[A-Za-z0-9._~+/=-]{8,}/g,
    replacement: `$1 ${REDACTED}`,
  },
  // --token abc, --token=abc, --token 'a b'. --token-file names no secret.
  {
    pattern: /(--(?:[a-z]+-)*(?:token|password|secret|key)(?:=|\s+))('[^']*'|"[^"]*"|[^\s"'\\]+)/gi,
    replacement: `$1${REDACTED}`,
  },
  // WORLDWIRE_TOKEN=abc, PGPASSWORD='a b'.
  {
    pattern:
      /\b([A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|_KEY)=)('[^']*'|"[^"]*"|[^\s"'\\]+)/g,
    replacement: `$1${REDACTED}`,
  },
  // https://user:password@host; a password may hold an @ that was not escaped.
  { pattern: /:\/\/[^\s/?#"'\\]*@/g, replacement: `://${REDACTED}@` },
  // ?access_token=abc
  {
    pattern:
      /([?&](?:[a-z]+_)?(?:token|api_?key|key|password|secret|sig|signature)=)[^&#\s"'\\]+/gi,
    replacement: `$1${REDACTED}`,
  },
];

/**
 * A function that takes secrets out of a text: those that are given, in the forms in which they may
 * be written, and whatever stands where a secret usually stands.
 */
export function redactor(secrets: readonly string[] = []): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET_LENGTH) continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(Buffer.from(secret).toString('base64'));
  }
  // The longest first: a secret may be a part of another.
  const known = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const form of known) out = out.replaceAll(form, REDACTED);
    for (const { pattern, replacement } of PATTERNS) out = out.replace(pattern, replacement);
    return out;
  };
}

/** A copy of the report in which every text went through `redactor(secrets)`. Run it before rendering. */
export function redact(report: Report, secrets: readonly string[] = []): Report {
  return mapTexts(report, redactor(secrets));
}
