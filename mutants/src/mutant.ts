/** One wrong part: a piece of compiled code, of the reference World or of the SDK, and what stands there instead. */
export interface Patch {
  /** The file below the folder of compiled code, such as "core/hook.js". */
  readonly file: string;
  /** What is replaced; it must occur exactly once. */
  readonly find: string;
  /** What stands there instead. */
  readonly replace: string;
}

/** The patches of one mutant. */
export interface Patches {
  /** The folder of compiled code that they belong to, such as "/reference-world/dist/". */
  readonly folder: string;
  readonly patches: readonly Patch[];
}

/** A World that is the reference World but for its patches, or a client that is the SDK but for them. */
export interface Mutant {
  /** Lower case with hyphens. */
  readonly name: string;
  /** What is wrong with it, or for a benign one what is different. */
  readonly says: string;
  readonly patches: readonly Patch[];
  /**
   * The checks that must fail on it: ids, or patterns with `*` of which every match must fail. None for a benign mutant,
   * which every check must pass.
   */
  readonly kills: readonly string[];
  /** Checks that run beside them, for what an oracle can only see while something happens. */
  readonly during?: readonly string[];
  /** Arguments of the suite that the mutant needs beside the checks, such as a token. */
  readonly args?: readonly string[];
  /** Lines of a token file, by which the mutant wants credentials; see `worldwire serve --token-file`. */
  readonly tokens?: readonly string[];
  /** Whether it takes keys in escrow, under a master key of its own. */
  readonly escrow?: boolean;
}
