import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

const cli = join(import.meta.dirname, '..', 'fakes', 'processes', 'source-cli.ts');

describe('warmup --burst on the local target', () => {
  const project = new Project();
  const run = (...args: string[]) => runNode([cli, ...args], project.folder, { COLDGATE_CACHE: testCache });
  const json = async (...args: string[]) => {
    const { exit, stdout } = await run(...args, '--json');
    return { exit, ...JSON.parse(stdout) };
  };

  beforeAll(async () => {
    project.release({});
    await run('publish');
  });
  afterAll(async () => {
    await run('destroy');
    project.remove();
  });

  it('says what to do while nothing is deployed', async () => {
    const { exit, error } = await json('warmup', '--burst', '5');
    expect([exit, error.code]).toEqual([2, 'not-deployed']);
    expect(error.hint).toContain('coldgate deploy --model digits');
  });

  it.each(['0', '1001'])('refuses a burst of %s', async (burst) => {
    const { exit, error } = await json('warmup', '--burst', burst);
    expect([exit, error.problems[0].path]).toEqual([2, '--burst']);
  });

  it('tells cold share, throttles and times of the candidate, and proposes a count', async () => {
    await run('deploy');
    const found = await json('warmup', '--burst', '20');
    expect(found).toMatchObject({ exit: 0, version: '1.0.0', throttled: 0, 'cold-share': 0 });
    // One where a request takes what it usually does; on a busy machine it takes longer.
    expect(found.provisioned).toBeGreaterThanOrEqual(1);
    expect(found.burst.first).toMatchObject({ answered: 20, failed: 0, cold: 0, instances: 1, note: null });
    expect(found.burst.again).toMatchObject({ answered: 20, failed: 0, instances: 1 });
    for (const { times } of [found.burst.first, found.burst.again]) {
      expect(times.p50).toBeGreaterThan(0);
      expect(times.p95).toBeGreaterThanOrEqual(times.p50);
      expect(times.p99).toBeGreaterThanOrEqual(times.p95);
    }
    const kept = JSON.parse(readFileSync(project.path('.coldgate/reports/digits-1.0.0-burst.json'), 'utf8'));
    expect(kept).toMatchObject({ schema: 1, revision: { role: 'candidate' }, requests: 20, first: found.burst.first });
  });

  it('goes to the live endpoint when that is asked for', async () => {
    const before = await json('warmup', '--burst', '3', '--on', 'live');
    expect([before.exit, before.error.code]).toEqual([2, 'not-deployed']);
    expect(before.error.hint).toContain('candidate 1.0.0');
    await run('promote', '--gate', 'skip');
    const { exit, stderr } = await run('warmup', '--burst', '3');
    expect(exit).toBe(0);
    expect(stderr).toMatch(/3 requests at once to the live of digits 1\.0\.0: 0 % cold \(0 of 3, on 1 instances\)/);
    expect(stderr).toMatch(/provisioned-concurrency: [1-3] keeps 3 requests a second/);
  });

  it('fails with 7 where requests fail', async () => {
    const model = project.path('store/digits/current.json');
    const pointer = readFileSync(model, 'utf8');
    project.release({ version: '1.1.0', bias: 0.25 });
    await run('publish');
    const { sha256 } = await json('verify');
    // The pointer says one version, and what runs has not heard of it: as after a promotion that nobody has routed.
    writeFileSync(model, pointer.replace('"1.0.0"', '"1.1.0"').replace(/[0-9a-f]{64}/, sha256));
    const { exit, error } = await json('warmup', '--burst', '4', '--on', 'live');
    writeFileSync(model, pointer);
    project.release({});
    expect([exit, error.code]).toEqual([7, 'burst-failed']);
    expect(error.message).toMatch(/^4 of 8 requests to digits 1\.1\.0 failed|^8 of 8/);
  });

  it('writes a script that k6 would take, which calls the endpoint with the golden sample', async () => {
    const { exit, k6 } = await json('warmup', '--k6', 'load/k6.js', '--on', 'live');
    expect([exit, k6]).toEqual([0, 'load/k6.js']);
    const script = readFileSync(project.path('load', 'k6.js'), 'utf8');
    writeFileSync(project.path('load', 'as-module.mjs'), script);
    execFileSync(process.execPath, ['--check', project.path('load', 'as-module.mjs')]);
    const calls = await runScript(project, script);
    expect(calls.options.scenarios.steady).toMatchObject({
      executor: 'constant-arrival-rate',
      rate: 50,
      timeUnit: '1s',
    });
    expect(calls.options.scenarios.double).toMatchObject({ rate: 100, startTime: '60s' });
    expect(calls.checked).toEqual([['status is 200', true]]);
    expect(calls.served).toEqual([true]);
  });
});

interface Ran {
  // biome-ignore lint/suspicious/noExplicitAny: options of a script that is read as text.
  options: any;
  checked: [string, boolean][];
  served: boolean[];
}

/** Runs the script once with what k6 would give it; its one request is a real one. */
async function runScript(project: Project, script: string): Promise<Ran> {
  const stubs = `
const __ENV = {};
const seen = { checked: [], served: [], sent: undefined };
const check = (one, all) => Object.entries(all).map(([name, fits]) => seen.checked.push([name, fits(one)]));
class Counter { add() {} }
class Rate { add(value) { seen.served.push(value); } }
const http = { post: (url, body, { headers }) => { seen.sent = { url, body, headers }; return globalThis.answer; } };
`;
  const text = script.replaceAll(/^import .*$/gm, '');
  const path = project.path('load', 'run.mjs');
  writeFileSync(path, `${stubs}${text}\nexport const ran = () => ({ options, ...seen });\n`);
  const { default: once, ran } = await import(pathToFileURL(path).href);
  const first = globalThis as unknown as { answer: unknown };
  first.answer = { status: 0, headers: {} };
  once();
  const { url, body, headers } = ran().sent;
  const reply = await fetch(url, { method: 'POST', body, headers });
  first.answer = {
    status: reply.status,
    headers: { 'X-Coldgate-Version': reply.headers.get('x-coldgate-version') },
  };
  once();
  const { checked, served, options } = ran();
  return { options, checked: checked.slice(1), served: served.slice(1) };
}
