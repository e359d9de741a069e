/**
 * Everything that CI proves, from nothing: what the README tells people to run, then every check. Ends with the line
 * `N passed, N failed`; tests count one by one, checks as one each.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checks, runCheck } from './check.mjs';
import { testBed } from './emulators.mjs';
import { ensureDependencies, node24Env, node24Folder, npm, root } from './node24.mjs';

// Here nothing may be left out: a part of the test-bed that is missing is a failure.
const env = { COLDGATE_REQUIRE: 'all', ...node24Env(), CI: 'true' };
const node = join(node24Folder(), 'node');
const results = [];
const started = Date.now();

function step(name, work) {
  const at = Date.now();
  let ok = false;
  try {
    ok = work();
  } catch (error) {
    console.error(error.message);
  }
  results.push({ name, ok, seconds: Math.round((Date.now() - at) / 1000) });
}

const script = (path, ...args) =>
  spawnSync(node, [join(root, path), ...args], { cwd: root, env, stdio: 'inherit' }).status === 0;

/** The suite with its single results in a file, so that the closing line counts tests and not just their run. */
function suite() {
  const report = join(root, '.cache', 'ci', 'tests.json');
  mkdirSync(join(root, '.cache', 'ci'), { recursive: true });
  rmSync(report, { force: true });
  npm(['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  return true;
}

function counted() {
  const report = join(root, '.cache', 'ci', 'tests.json');
  if (!existsSync(report))
    return { passed: 0, failed: 1, failures: ['the suite wrote no report'], notRun: [], gaps: [] };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const each = testResults.flatMap((file) => file.assertionResults);
  const left = each.filter((t) => t.status !== 'passed' && t.status !== 'failed').map((t) => t.fullName);
  // What a server does not do has a line with its reason in test/emulators/gaps.ts.
  const gaps = each.map((t) => t.fullName).filter((name) => / \[gap of .*\]$/.test(name));
  return { passed: numPassedTests, failed: numFailedTests, failures: failuresOf(testResults), notRun: left, gaps };
}

/** Each failed test with the first line of its reason: the end of a log may be all that is kept of it. */
function failuresOf(testResults) {
  const firstLine = (text) => (text ?? '').split('\n', 1)[0].slice(0, 400);
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const tests = assertionResults.filter((t) => t.status === 'failed');
    if (tests.length === 0 && status === 'failed') return [`${file}: ${firstLine(message)}`];
    return tests.map((t) => `${file}: ${t.fullName}: ${firstLine(t.failureMessages?.[0])}`);
  });
}

/** The files that took longest, in seconds, to see where the suite's time goes. */
function slowest() {
  const report = join(root, '.cache', 'ci', 'tests.json');
  if (!existsSync(report)) return [];
  return JSON.parse(readFileSync(report, 'utf8'))
    .testResults.map((t) => ({ file: relative(root, t.name), seconds: Math.round((t.endTime - t.startTime) / 1000) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 12);
}

step('demo', () => {
  npm(['run', 'demo'], { cwd: root, env, stdio: 'inherit' });
  return true;
});
step('test-bed', () => {
  ensureDependencies(env);
  return testBed(['install'], env);
});
step('suite', suite);
for (const name of Object.keys(checks)) step(name, () => runCheck(name));
step('kill and run again', () => script('test/kill/ship.ts', '--rounds', '6'));
step('benchmarks', () => script('scripts/bench.mjs', '--quick'));

const tests = counted();
console.log('');
for (const { name, ok, seconds } of results) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
console.log(
  `${tests.passed} tests passed, ${tests.failed} failed, ${tests.notRun.length} not run; ${Math.round((Date.now() - started) / 1000)} s in all`,
);
const passed = tests.passed + results.filter((r) => r.ok).length;
for (const name of tests.gaps) console.log(`known gap: ${name}`);
console.log(
  `slowest: ${slowest()
    .map((s) => `${s.file} ${s.seconds} s`)
    .join(', ')}`,
);
for (const name of tests.notRun) console.log(`not run here: ${name}`);
const missing = env.COLDGATE_REQUIRE === 'all' ? tests.notRun.length : 0;
const failed = tests.failed + missing + results.filter((r) => !r.ok).length;
for (const name of tests.failures) console.log(`FAILED ${name}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
