/**
 * Everything that CI proves, from nothing: what the README tells people to run, then every check. Ends with the line
 * `N passed, N failed`; tests count one by one, checks as one each.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, node24Env, node24Folder, npm, root } from './node24.mjs';
import { readReport } from './test-report.mjs';

// Here nothing may be left out: a part of the test-bed that is missing is a failure.
const env = { COLDGATE_REQUIRE: 'all', ...node24Env(), CI: 'true' };
const node = join(node24Folder(), 'node');
const results = [];
const started = Date.now();

async function step(name, work) {
  const at = Date.now();
  let ok = false;
  try {
    ok = await work();
  } catch (error) {
    console.error(error.message);
  }
  results.push({ name, ok, seconds: Math.round((Date.now() - at) / 1000) });
}

/** Runs a script; `aside` keeps what it prints until it has ended, where others print meanwhile. True when it passed. */
function script([path, ...args], aside = false) {
  const child = spawn(node, [join(root, path), ...args], { cwd: root, env, stdio: aside ? 'pipe' : 'inherit' });
  const printed = [];
  child.stdout?.on('data', (chunk) => printed.push(chunk));
  child.stderr?.on('data', (chunk) => printed.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(printed));
      resolve(code === 0);
    });
  });
}

const report = join(root, '.cache', 'ci', 'tests.json');

/** The suite with its single results in a file, so that the closing line counts tests and not just their run. */
function suite() {
  mkdirSync(join(root, '.cache', 'ci'), { recursive: true });
  rmSync(report, { force: true });
  npm(['run', 'test:all', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  return true;
}

await step('demo', () => {
  npm(['run', 'demo'], { cwd: root, env, stdio: 'inherit' });
  return true;
});
ensureDependencies(env);
const check = (name) => step(name, () => script(['scripts/check.mjs', name], true));
// What one waits for, the network or processes, is time for the other.
await Promise.all([
  step('test-bed', () => script(['scripts/emulators.mjs', 'install'])),
  ['lint', 'types', 'docs', 'dist'].reduce((before, name) => before.then(() => check(name)), Promise.resolve()),
]);
// With parts of the test-bed.
await check('workflows');
await step('suite', suite);
await Promise.all([
  step('kill and run again', () => script(['test/kill/verbs.ts', '--parallel', '3'])),
  step('models of packages', () => script(['scripts/models.mjs', '--quick', '--parallel', '2'], true)),
]);
await step('benchmarks', () => script(['scripts/bench.mjs', '--quick']));

const tests = readReport(report);
console.log('');
for (const { name, ok, seconds } of results) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
console.log(
  `${tests.passed} tests passed, ${tests.failed} failed, ${tests.notRun.length} not run; ${Math.round((Date.now() - started) / 1000)} s in all`,
);
const passed = tests.passed + results.filter((r) => r.ok).length;
for (const name of tests.gaps) console.log(`known gap: ${name}`);
console.log(`slowest: ${tests.slowest.join(', ')}`);
for (const name of tests.notRun) console.log(`not run here: ${name}`);
const missing = env.COLDGATE_REQUIRE === 'all' ? tests.notRun.length : 0;
const failed = tests.failed + missing + results.filter((r) => !r.ok).length;
for (const name of tests.failures) console.log(`FAILED ${name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
