/** Proves that the committed dist/ is what the sources build, byte for byte, and small enough for every checkout. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './node24.mjs';

/** The SDKs of three clouds are half of it. What counts, the compressed download, has its goal in bench/action.ts. */
const limit = 8_000_000;
const committed = join(root, 'dist');
const fresh = join(root, '.cache', 'dist-check');

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((f) => statSync(join(folder, f)).isFile())
    .sort();

await build(fresh);
const names = [...new Set([...filesOf(committed), ...filesOf(fresh)])].sort();
const bytes = (folder, name) => {
  try {
    return readFileSync(join(folder, name));
  } catch {
    return undefined;
  }
};
const different = names.filter((name) => {
  const [a, b] = [bytes(committed, name), bytes(fresh, name)];
  return !a || !b || !a.equals(b);
});
const total = filesOf(fresh).reduce((sum, f) => sum + statSync(join(fresh, f)).size, 0);
console.log(`dist: ${filesOf(fresh).length} files, ${(total / 1e6).toFixed(2)} MB of at most ${limit / 1e6} MB`);
if (different.length > 0) {
  console.error(`dist/ is not what the sources build: ${different.slice(0, 10).join(', ')}`);
  console.error('Run `npm run build` and commit dist/.');
  process.exitCode = 1;
}
if (total > limit) {
  console.error('dist/ is larger than its limit.');
  process.exitCode = 1;
}
