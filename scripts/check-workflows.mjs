/**
 * Workflows and actions, those of the examples too: actionlint, zizmor, and our own rules that neither has: actions
 * pinned by full SHA with the version beside, no permissions on top. A linter that this machine cannot have is named,
 * and is a failure where COLDGATE_REQUIRE says so.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { actionlint, actionlintCommand } from '../test/emulators/actionlint.ts';
import { install, isWanted, whyNot } from '../test/emulators/part.ts';
import { zizmor, zizmorCommand } from '../test/emulators/zizmor.ts';
import { root } from './node24.mjs';

const problems = [];
const missing = [];

function workflowFiles() {
  const own = readdirSync(join(root, '.github', 'workflows')).map((name) => join('.github', 'workflows', name));
  const examples = readdirSync(join(root, 'examples'), { recursive: true })
    .map((path) => join('examples', path))
    .filter((path) => /\.github\/workflows\/[^/]+\.yml$/.test(path));
  return [...own, ...examples].sort();
}

/** zizmor looks for workflows at the top of what it is given. */
const exampleFolders = () => readdirSync(join(root, 'examples')).map((name) => join('examples', name));

function checkPins(path, text) {
  for (const [at, line] of text.split('\n').entries()) {
    const uses = /^\s*(?:- )?uses:\s*(\S+)(.*)$/.exec(line);
    if (!uses || uses[1].startsWith('./') || uses[1].startsWith('$/')) continue;
    if (!/@[0-9a-f]{40}$/.test(uses[1]) || !/#\s*v\d/.test(uses[2])) {
      problems.push(`${path}:${at + 1}: ${uses[1]} should be pinned by its full SHA with the version in a comment`);
    }
  }
}

async function lint(part, command, args) {
  if (isWanted(part, false)) await install(part).catch(() => {});
  const why = whyNot(part);
  if (why !== undefined) return missing.push(`${part.name} (${why})`);
  const { status, stdout, stderr } = spawnSync(command(), args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) problems.push(`${part.name}:\n${stdout}${stderr}`);
}

const files = workflowFiles();
for (const path of files) {
  const text = readFileSync(join(root, path), 'utf8');
  checkPins(path, text);
  const { permissions } = load(text);
  if (JSON.stringify(permissions) !== '{}') problems.push(`${path}: should say \`permissions: {}\` at the top`);
}
// Newer than actionlint: https://github.blog/changelog/2026-07-30-reference-same-repository-actions-with-self-repository-syntax
await lint(actionlint, actionlintCommand, ['-no-color', '-ignore', 'specifying action "\\$/', ...files]);
await lint(zizmor, zizmorCommand, [
  '--offline',
  '--no-progress',
  '--color=never',
  '--config=.github/zizmor.yml',
  '.',
  ...exampleFolders(),
]);

for (const problem of problems) console.error(problem);
for (const name of missing) console.log(`not run: ${name}`);
const required = process.env['COLDGATE_REQUIRE'] === 'all';
console.log(`${problems.length} problems in ${files.length} workflows`);
process.exitCode = problems.length === 0 && !(required && missing.length > 0) ? 0 : 1;
