/** Names for processes of this host, by which another one can tell that a process is dead. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const KIND = 'process';
/** The states of a process that has ended and that its parent has not taken note of. */
const ENDED = new Set(['Z', 'X']);

let host: string | undefined;

/**
 * Where a process id means the same process: on one host, from one boot to the next, and in one container, which the
 * files of a volume may outlive and others may share.
 */
function hostTag(): string {
  if (host === undefined) {
    const parts = [hostname()];
    try {
      parts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
      parts.push(readlinkSync('/proc/self/ns/pid'));
    } catch {
      // Not on Linux: the host's name has to do.
    }
    host = encodeURIComponent(parts.join(' '));
  }
  return host;
}

interface ProcessStat {
  readonly state: string;
  /** When it started, in ticks since the boot: tells it from another process that has its id later. */
  readonly startedAt: string;
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** The tag of a process, to be put before other text. The start is empty where the system does not tell it. */
export function tagOf(pid: number): string {
  return `${KIND}:${hostTag()}:${pid}:${statOf(pid)?.startedAt ?? ''}/`;
}

/** The tag of this process. */
export function ownTag(): string {
  return tagOf(process.pid);
}

/** Whether a text begins with the tag of a process of this host that is certainly dead. */
export function isOfDeadProcess(text: string): boolean {
  const [kind, where, id, startedAt] = text.split('/', 1)[0]!.split(':');
  if (kind !== KIND || where !== hostTag() || startedAt === undefined) return false;
  const pid = Number(id);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other error, such as EPERM, is that of a process which is there.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const stat = statOf(pid);
  if (stat === undefined) return false;
  return ENDED.has(stat.state) || (startedAt !== '' && stat.startedAt !== startedAt);
}
