import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { checkId } from '../core/identifiers.js';
import type { Caller, KeyPermission } from '../core/key-rules.js';
import type { CoreLimits } from '../core/limits.js';
import { ANYONE } from './call.js';
import { refusal } from './errors.js';
import type { Log } from './log.js';

/** The project of a request that names none. */
export const DEFAULT_PROJECT = 'default';
/** Names the project. */
export const PROJECT_HEADER = 'worldwire-project';
/** How soon a changed token file counts. */
const RELOAD_MS = 1_000;

/** What a word of a token file gives beyond projects. */
const PERMISSIONS: ReadonlyMap<string, KeyPermission> = new Map([
  ['+escrow', 'escrow'],
  ['+keys', 'keys'],
]);

/** What a token gives. */
interface Grant {
  /** The projects that it opens; undefined for every one. */
  readonly projects: ReadonlySet<string> | undefined;
  readonly caller: Caller;
}

/** For which project a call is let in, and whose it is. */
export interface Admitted {
  readonly project: string;
  readonly caller: Caller;
}

/** For calls that are about no project. */
export const NOWHERE: Admitted = { project: '', caller: ANYONE };

/** Decides who may call, and for which project. */
export interface Credentials {
  /**
   * Lets a call in, or refuses it. One that is `audited` is let in without permissions where the credential does not
   * open its project.
   */
  admit(
    authorization: string | undefined,
    project: string | undefined,
    audited?: boolean,
  ): Admitted;
  /** Refuses whoever has no valid token. */
  authenticate(authorization: string | undefined): void;
  close(): void;
}

/** Reads the project that a request names, or refuses the name. */
export function projectOf(header: string | undefined, limits: CoreLimits): string {
  if (header === undefined || header === '') return DEFAULT_PROJECT;
  return checkId(PROJECT_HEADER, header, limits);
}

/** Lets everyone in. */
export function openToAll(limits: CoreLimits): Credentials {
  return {
    admit: (_authorization, project) => ({ project: projectOf(project, limits), caller: ANYONE }),
    authenticate: () => {},
    close: () => {},
  };
}

/**
 * Lets in who has a token of a file: a line for each, `<token> [project …] [+escrow] [+keys]`, with no project for
 * every project; `+escrow` lets its holder leave keys in escrow, `+keys` ask for keys and who else did; `#` begins a
 * comment. Read again when it changes; while it cannot be read, what was last read holds.
 */
export class TokenFile implements Credentials {
  /** A key of this process's own: what a comparison takes tells nothing about a token. */
  readonly #key = randomBytes(32);
  #grants: ReadonlyMap<string, Grant>;
  readonly #reload: () => void;

  /** Reads the file, or fails. */
  constructor(
    private readonly path: string,
    private readonly limits: CoreLimits,
    log: Log,
  ) {
    this.#grants = this.#read();
    this.#reload = () => {
      try {
        this.#grants = this.#read();
        log.info({ path, tokens: this.#grants.size }, 'read the token file again');
      } catch (err) {
        log.error({ path, err }, 'cannot read the token file; the tokens read before still hold');
      }
    };
    watchFile(path, { interval: RELOAD_MS, persistent: false }, this.#reload);
  }

  admit(authorization: string | undefined, header: string | undefined, audited = false): Admitted {
    const { projects, caller } = this.#grantOf(authorization);
    const project = projectOf(header, this.limits);
    const opens = projects?.has(project) ?? true;
    if (opens) return { project, caller };
    if (audited) return { project, caller: { ...caller, permissions: new Set() } };
    throw refusal('PERMISSION_DENIED', 'the token does not open this project', { project });
  }

  authenticate(authorization: string | undefined): void {
    this.#grantOf(authorization);
  }

  close(): void {
    unwatchFile(this.path, this.#reload);
  }

  #grantOf(authorization: string | undefined): Grant {
    const token = /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    const hash = token === undefined ? '' : this.#hash(token);
    const grant = this.#grants.get(hash);
    if (grant === undefined)
      throw refusal(
        'UNAUTHENTICATED',
        'this World wants a valid token: send it as "Authorization: Bearer <token>"',
      );
    return grant;
  }

  #hash(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('base64');
  }

  #read(): Map<string, Grant> {
    const grants = new Map<string, Grant>();
    readFileSync(this.path, 'utf8')
      .split('\n')
      .forEach((line, index) => {
        const [token, ...words] = line.replace(/#.*/, '').split(/\s+/).filter(Boolean);
        if (token === undefined) return;
        const projects = words.filter((word) => !word.startsWith('+'));
        for (const project of projects)
          try {
            checkId('project', project, this.limits);
          } catch {
            throw new Error(`line ${index + 1} names a project that is no id`);
          }
        const permissions = words
          .filter((word) => word.startsWith('+'))
          .map((word) => {
            const permission = PERMISSIONS.get(word);
            if (permission !== undefined) return permission;
            throw new Error(`line ${index + 1} names a permission that there is not`);
          });
        grants.set(this.#hash(token), {
          projects: projects.length > 0 ? new Set(projects) : undefined,
          caller: { fingerprint: fingerprintOf(token), permissions: new Set(permissions) },
        });
      });
    return grants;
  }
}

/** Names a token for good: 16 characters of lowercase hexadecimal, which whoever has the token can compute. */
function fingerprintOf(token: string): string {
  return createHash('sha256').update(`worldwire/caller/v1|${token}`).digest('hex').slice(0, 16);
}
