/** Builds Lambda's runtime interface client into .cache/aws-lambda-ric; it compiles for minutes and wants cmake and g++. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm, root } from './node24.mjs';

const home = join(root, '.cache', 'aws-lambda-ric');
export const ricFolder = join(home, 'node_modules', 'aws-lambda-ric');

/** Does nothing where it is there. Throws what npm says where it cannot be built. */
export async function prepareRic() {
  if (existsSync(ricFolder)) return;
  const fresh = `${home}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, 'package.json'), '{"private":true}\n');
  try {
    npm(['install', '--ignore-scripts=false', '--no-audit', '--no-fund', 'aws-lambda-ric@4.0.2'], { cwd: fresh });
    rmSync(home, { recursive: true, force: true });
    renameSync(fresh, home);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepareRic();
