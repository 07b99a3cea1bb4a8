import { createRequire } from 'node:module';
import type { CapabilityName, Check } from './check.js';

const load = createRequire(import.meta.url);

/** A normative sentence of the specification. */
export interface Requirement {
  readonly id: string;
  readonly level: 'MUST' | 'SHOULD' | 'MAY';
  readonly sentence: string;
  readonly chapter: string;
  readonly since: string;
  readonly capability: CapabilityName | '';
}

const current: {
  revision: string;
  chapters: readonly { readonly code: string; readonly title: string }[];
  requirements: Requirement[];
} = load('@worldwire/spec/requirements');
const exclusions: Record<string, string> = load('@worldwire/spec/exclusions');

/** The revision of the specification that the suite judges by. */
export const SPEC_REVISION = current.revision;

/** The chapters in their order. */
export const chapterTitles = current.chapters;

/** Every requirement by its id. */
export const requirements: ReadonlyMap<string, Requirement> = new Map(
  current.requirements.map((requirement) => [requirement.id, requirement]),
);

/** Why no check can show a requirement, by its id. */
export const excluded: ReadonlyMap<string, string> = new Map(Object.entries(exclusions));

/** The chapter of a check: that of its first requirement. */
export function chapterOf({ id, requirements: cited }: Pick<Check, 'id' | 'requirements'>): string {
  const chapter = /^WW-([A-Z]+)-\d{3}$/.exec(cited[0] ?? '')?.[1];
  if (chapter === undefined) throw new Error(`check ${id} cites no requirement`);
  return chapter;
}

/** Whether a departure breaks a MUST; otherwise it departs from a SHOULD only. */
export function isMandatory({ requirements: cited }: Pick<Check, 'requirements'>): boolean {
  return cited.some((id) => requirements.get(id)?.level === 'MUST');
}
