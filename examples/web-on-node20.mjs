// The web UI of the Workflow SDK imports `node:sqlite`, which Node has from 22.5 on, for a cache that
// it does not use. Preloaded on Node 20, this gives it a module of that name, so that it starts:
//
//   NODE_OPTIONS="--import <path>/web-on-node20.mjs" npx workflow web
import { register } from 'node:module';

const HOOKS = `
  const STUB = 'data:text/javascript,export class DatabaseSync {} export default { DatabaseSync };';
  export function resolve(specifier, context, next) {
    if (specifier === 'node:sqlite') return { url: STUB, format: 'module', shortCircuit: true };
    return next(specifier, context);
  }
`;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 5)) {
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
}
