import { readFileSync } from 'node:fs';
import { Capability } from '@worldwire/proto';
import { notDeclared, refusal } from './refusal.js';

/** Checks who calls: one token on each line of the file, or everybody without one. */
export function credentialsOf(tokenFile: string | undefined): (header: Headers) => void {
  const tokens =
    tokenFile === undefined
      ? undefined
      : new Set(
          readFileSync(tokenFile, 'utf8')
            .split('\n')
            .map((line) => line.trim().split(/\s+/)[0]!)
            .filter((token) => token !== '' && !token.startsWith('#')),
        );
  return (header) => {
    if (tokens === undefined) return;
    const token = /^bearer +(\S+)$/i.exec(header.get('authorization') ?? '')?.[1];
    if (token === undefined || !tokens.has(token))
      throw refusal('UNAUTHENTICATED', 'the request carries no valid token');
  };
}

/** A World of the Workflow SDK has one project. */
export function checkProject(header: Headers): void {
  const project = header.get('worldwire-project') ?? '';
  if (project !== '' && project !== 'default')
    throw notDeclared(Capability.PROJECTS, `the request is for project ${project}`);
}
