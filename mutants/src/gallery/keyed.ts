const TOKEN = 'secret-of-the-mutant';
const KEYLESS = 'another-of-the-mutant';

/** A World that takes keys in escrow, and the suite that may ask for them. */
export const keyed = {
  escrow: true,
  tokens: [`${TOKEN} +escrow +keys`, KEYLESS],
  args: ['--token', TOKEN, '--keyless-token', KEYLESS],
} as const;
