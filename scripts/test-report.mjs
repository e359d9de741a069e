/** What the suite's JSON report says, for the end of CI's log: often all that is kept of it. */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './node24.mjs';

const maxSlow = 12;

/** Numbers of tests, and in words: each failure with its reason, tests that did not run, known gaps, the slowest files. */
export function readReport(path) {
  if (!existsSync(path)) {
    return { passed: 0, failed: 1, failures: ['the suite wrote no report'], notRun: [], gaps: [], slowest: [] };
  }
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
  const each = testResults.flatMap((file) => file.assertionResults);
  const namesOf = (tests) => tests.map((t) => t.fullName);
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    failures: testResults.flatMap(failuresOf),
    notRun: namesOf(each.filter((t) => t.status !== 'passed' && t.status !== 'failed')),
    // What a server does not do has a line with its reason in test/emulators/gaps.ts.
    gaps: namesOf(each).filter((name) => / \[gap of .*\]$/.test(name)),
    slowest: slowestOf(testResults),
  };
}

/** A file that could not be collected has no test that failed. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const tests = assertionResults.filter((t) => t.status === 'failed');
  if (tests.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
  return tests.map((t) => `${file}: ${t.fullName}: ${reasonOf(t)}`);
}

const firstLine = (text = '') => text.split('\n', 1)[0].slice(0, 400);

/** Where a test timed out, vitest's report has the name of its own inner error and nothing else. */
function reasonOf({ failureMessages: [reason], duration }) {
  const line = firstLine(reason);
  return line.includes('STACK_TRACE_ERROR') ? `timed out after ${Math.round(duration / 1000)} s` : line;
}

const slowestOf = (testResults) =>
  testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: Math.round((endTime - startTime) / 1000) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, maxSlow)
    .map(({ name, seconds }) => `${relative(root, name)} ${seconds} s`);
