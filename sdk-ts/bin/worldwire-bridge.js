#!/usr/bin/env node
import { main } from '../dist/bridge/cli.js';

await main();
