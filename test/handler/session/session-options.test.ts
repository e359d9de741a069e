import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionOptions } from '../../../src/handler/session/open-session.ts';

/** The runtime's library of this machine, which has the names of its options as text. */
function library(): Buffer {
  const home = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const folder = join(home, 'bin', 'napi-v6', process.platform, process.arch);
  const name = readdirSync(folder).find((one) => one.startsWith('libonnxruntime.')) as string;
  return readFileSync(join(folder, name));
}

/** `session.intra_op.spin_duration_us`, as the binding makes keys of what is nested. */
const keysOf = (value: object, prefix = ''): string[] =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' ? keysOf(inner as object, `${prefix}${key}.`) : [`${prefix}${key}`],
  );

describe('session options', () => {
  // The runtime takes keys that it does not know without a word, and would go on as if nothing had been said.
  it.each(['original', 'steady', 'cold'] as const)('of the %s form are known to the runtime', (form) => {
    const keys = keysOf(sessionOptions(form, 2, '/folder').extra ?? {});
    expect(keys).toContain('session.intra_op.spin_duration_us');
    const known = library();
    for (const key of keys) expect([key, known.includes(`${key}\0`)]).toEqual([key, true]);
    expect(known.includes('session.no_such_option\0')).toBe(false);
  });
});
