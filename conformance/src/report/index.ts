import type { Report } from './gen/worldwire/conformance/v1/report_pb.js';
import { render as html } from './html.js';
import { render as json } from './json.js';
import { render as junit } from './junit.js';
import { render as markdown } from './markdown.js';

/** The renderings that go to files, by the name that `--report <name>=<file>` gives them. */
export const RENDERINGS = { json, junit, md: markdown, html } as const satisfies Record<
  string,
  (report: Report) => string
>;

/** The name of a rendering. */
export type RenderingName = keyof typeof RENDERINGS;
