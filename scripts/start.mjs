/** `npm start`: installs and builds what is missing, then serves the reference World with the arguments given. */
import { setup } from './setup.mjs';

setup();
process.argv.splice(1, 1, 'worldwire', 'serve');
await import('../reference-world/bin/worldwire.js');
