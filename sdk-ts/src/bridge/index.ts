/** Serves existing Worlds of the Workflow SDK over the Worldwire protocol. */
export { type LoadedWorld, loadWorld } from './load.js';
export { QueueHost } from './queue-host.js';
export { type ServedWorld, type ServeOptions, serveWorld } from './server.js';
