import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = '64m';
/** A power of two, in bytes. */
const LARGEST_PIECE = 1 << 20;
/** Whom the PostgreSQL of the tests runs as, where this process may mount disks. */
const NOBODY = 65_534;

/** A disk of its own, which can be filled up. */
export class SmallDisk {
  /** A folder on it for PostgreSQL. */
  readonly tablespace: string;
  readonly #filler: string;

  private constructor(private readonly folder: string) {
    this.tablespace = join(folder, 'tablespace');
    this.#filler = join(folder, 'filler');
    mkdirSync(this.tablespace);
    chownSync(this.tablespace, NOBODY, NOBODY);
  }

  /** Undefined where this process may not mount one. */
  static mount(): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'worldwire-disk-'));
    chmodSync(folder, 0o755);
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'disk', folder]);
    if (status === 0) return new SmallDisk(folder);
    rmSync(folder, { recursive: true });
    return undefined;
  }

  /** Takes all room that is left, for which others may compete. */
  fill(): void {
    for (let bytes = LARGEST_PIECE; bytes >= 1; bytes /= 2) {
      try {
        for (;;) appendFileSync(this.#filler, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  /** Gives that room back. */
  clear(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
