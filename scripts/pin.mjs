/** Pins Coldgate in the examples and the documents: `node scripts/pin.mjs SHA VERSION`. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node24.mjs';

const [sha = '', version = ''] = process.argv.slice(2);
if (!/^[0-9a-f]{40}$/.test(sha) || !/^\d+\.\d+\.\d+$/.test(version)) {
  console.error('expected a full commit SHA and a version, such as: node scripts/pin.mjs 0123…cdef 1.4.2');
  process.exit(2);
}
const files = execFileSync('git', ['grep', '-lE', 'coldgate/coldgate[^ @]*@[0-9a-f]{40}', '--', '*.md', '*.yml'], {
  cwd: root,
  encoding: 'utf8',
});
for (const file of files.split('\n').filter(Boolean)) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  const pinned = text.replaceAll(
    /(coldgate\/coldgate[^ @]*@)[0-9a-f]{40}( # v)\d+\.\d+\.\d+/g,
    (_, before, between) => `${before}${sha}${between}${version}`,
  );
  if (pinned !== text) writeFileSync(path, pinned);
  console.log(`${file}${pinned === text ? ' (as it was)' : ''}`);
}
