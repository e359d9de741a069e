/**
 * Builds dist/: tsc to build/, one ncc run over one entry (chunks by the literal import()s), minified chunks, a door of
 * a few lines per action and one for the CLI, the handler bundle, and the licences of all that is bundled. `--out DIR` builds elsewhere, for the dist check.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { buildHandler } from './build-handler.mjs';
import { bundledPackages, licensesOf } from './licenses.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (path) => join(root, 'node_modules', path);
const run = (args) => execFileSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });

const door = (call) => `import ${call.startsWith('runCli') ? '{ runCli }' : '{ runAction }'} from './index.js';

await ${call};
`;

/** The doors: file name in dist to the call that it makes. */
function doors(catalog) {
  const actions = catalog
    .filter((v) => v.action)
    .map((v) => (v.action === '.' ? ['root.js', 'undefined'] : [`${v.action}.js`, `'${v.name}'`]));
  return [
    ...actions.map(([file, verb]) => [file, door(`runAction(${verb}, import.meta.dirname)`)]),
    ['cli.js', `#!/usr/bin/env node\n${door('runCli(import.meta.dirname)')}`],
  ];
}

/** ncc's -m leaves chunks plain, so every script is minified here; esbuild gives the same bytes on every machine. */
async function minify(folder) {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.js')) continue;
    const path = join(folder, name);
    const source = await readFile(path, 'utf8');
    const { code } = await transform(source, { minify: true, format: 'esm', target: 'node20', legalComments: 'none' });
    await writeFile(path, code);
  }
}

export async function build(out) {
  await rm(join(root, 'build'), { recursive: true, force: true });
  run([bin('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const entry = join(root, 'build', 'index.js');
  // The statistics name every file that was bundled; the build folder is emptied by the next build.
  const statistics = join(root, 'build', 'statistics.json');
  run([bin('@vercel/ncc/dist/ncc/cli.js'), 'build', entry, '-o', out, '-q', '--stats-out', statistics]);
  // Of the package `open`, which starts a browser for interactive logins at Azure: no step makes one.
  await rm(join(out, 'xdg-open'), { force: true });
  await minify(out);
  const { catalog } = await import(pathToFileURL(join(root, 'build', 'catalog.js')).href);
  for (const [file, text] of doors(catalog)) await writeFile(join(out, file), text, { mode: 0o755 });
  const handlerFiles = await buildHandler({ outdir: join(out, 'handler') });
  await writeFile(join(out, 'licenses.txt'), licensesOf(bundledPackages(statistics, handlerFiles)));
  await rm(statistics);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  await build(at > 0 ? resolve(process.argv[at + 1]) : join(root, 'dist'));
}
