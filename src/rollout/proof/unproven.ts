import { UnprovenError } from '../../errors.ts';

const check = 'Check the sample against the model with `coldgate validate`; nothing was promoted.';

/** By code: what to do about a function that did not pass its readiness proof. */
const hints = {
  'not-ready': 'Read the log of the function for the reason.',
  'foreign-process': 'Something else answers at that address: stop it, or choose another one.',
  'wrong-model': 'Check that version and checksum are those of the manifest, and that nothing else moved the pointer.',
  'wrong-manifest': 'Look with `coldgate verify` whether the version in the store is what was published.',
  'sample-mismatch': check,
  'sample-failed': check,
  'probe-failed': 'Publish the model under a new version with a golden sample (`sample:` in models.yaml).',
} as const;

export type ProofCode = keyof typeof hints;

/** @param message without its full stop */
export const unproven = (
  code: ProofCode,
  message: string,
  data: Record<string, unknown>,
  cause?: unknown,
): UnprovenError => new UnprovenError(code, `${message}.`, { hint: hints[code], data, cause });
