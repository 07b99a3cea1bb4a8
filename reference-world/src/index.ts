/** The reference World as a server. For one in the same process: `@worldwire/reference-world/embedded`. */
export { type CoreLimits, defaultLimits } from './core/limits.js';
export type { Log } from './rpc/log.js';
export { type RunningServer, type ServerOptions, StartError, startServer } from './server.js';
