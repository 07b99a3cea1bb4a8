import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { checkId } from '../core/identifiers.js';
import type { CoreLimits } from '../core/limits.js';
import { refusal } from './errors.js';
import type { Log } from './log.js';

/** The project of a request that names none. */
export const DEFAULT_PROJECT = 'default';
/** Names the project. */
export const PROJECT_HEADER = 'worldwire-project';
/** How soon a changed token file counts. */
const RELOAD_MS = 1_000;

/** Which projects a token opens; undefined for every one. */
type Grant = ReadonlySet<string> | undefined;

/** Decides who may call, and for which project. */
export interface Credentials {
  /** Returns the project of a call, or refuses it. */
  admit(authorization: string | undefined, project: string | undefined): string;
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
    admit: (_authorization, project) => projectOf(project, limits),
    authenticate: () => {},
    close: () => {},
  };
}

/**
 * Lets in who has a token of a file: a line for each, `<token> [project …]`, with no project for every project; `#`
 * begins a comment. Read again when it changes; while it cannot be read, what was last read holds.
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

  admit(authorization: string | undefined, header: string | undefined): string {
    const grant = this.#grantOf(authorization);
    const project = projectOf(header, this.limits);
    if (grant !== undefined && !grant.has(project))
      throw refusal('PERMISSION_DENIED', 'the token does not open this project', { project });
    return project;
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
    if (!this.#grants.has(hash))
      throw refusal(
        'UNAUTHENTICATED',
        'this World wants a valid token: send it as "Authorization: Bearer <token>"',
      );
    return this.#grants.get(hash);
  }

  #hash(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('base64');
  }

  #read(): Map<string, Grant> {
    const grants = new Map<string, Grant>();
    readFileSync(this.path, 'utf8')
      .split('\n')
      .forEach((line, index) => {
        const [token, ...projects] = line.replace(/#.*/, '').split(/\s+/).filter(Boolean);
        if (token === undefined) return;
        for (const project of projects)
          try {
            checkId('project', project, this.limits);
          } catch {
            throw new Error(`line ${index + 1} names a project that is no id`);
          }
        grants.set(this.#hash(token), projects.length > 0 ? new Set(projects) : undefined);
      });
    return grants;
  }
}
