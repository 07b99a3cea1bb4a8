/** Removes the build of the package in the working directory: the compiler leaves behind what lost its source. */
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
