import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleRecord, examples } from '../../bench/gate/example-record.ts';
import { encodeRecord } from '../../src/gate/record/record.ts';
import { baselineKey } from '../../src/model/layout.ts';
import { openTarget } from '../../src/targets/open.ts';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { type Ended, runInProcess, storeIn } from '../fakes/registry/forged-store.ts';
import { recordingLogger } from '../fakes/registry/simulation.ts';
import { Project } from '../fixtures/project.ts';

const commandLine = new URL('../fakes/processes/source-cli.ts', import.meta.url).pathname;
const lambda = {
  ...{ provider: 'aws-lambda', region: 'eu-west-1', role: 'arn:aws:iam::123456789012:role/coldgate' },
  ...{ memory: 1024, auth: 'none' },
};

let project: Project;
const run = (line: string): Promise<Ended> => runInProcess(project.folder, line.split(' '));

interface Found {
  rule: string;
  verdict: string;
  why: string;
  set: { path: string; value: string | null }[];
}
const findingsOf = ({ document }: Ended): Record<string, Found> => {
  const { findings } = document as { findings: Found[] };
  return Object.fromEntries(findings.map((one) => [one.rule, one]));
};

beforeAll(() => {
  project = new Project();
  const path = project.path('models.yaml');
  const text = readFileSync(path, 'utf8').replace('local:', 'production:');
  writeFileSync(path, text.replace('{ provider: local }', JSON.stringify(lambda)));
});
afterAll(() => project?.remove());

/** A measurement in the store, as warmup leaves it: starts that take long and fill the memory. */
async function measure(): Promise<void> {
  const context = { log: recordingLogger(), stateDir: project.folder, now: () => new Date() };
  const signal = new AbortController().signal;
  const { loadConfig } = await import('../../src/config/load.ts');
  const { environments } = await loadConfig(project.path('models.yaml'), {});
  const { key } = await openTarget(environments['production']!.target, { ...context, signal });
  const record = exampleRecord(examples.pass);
  const platform = { max_memory_mb: 1000 };
  const samples = record.samples.map((one) => ({
    ...one,
    timings: { ...one.timings, round_trip_ms: 45_000 },
    platform,
  }));
  const made = { ...record, model: 'digits', target: key, candidate: { version: '1.0.0' }, samples };
  const store = await storeIn(project.folder);
  await store.put(baselineKey('digits', key, '1.0.0'), encodeRecord(made), 'absent');
}

describe('coldgate advise', () => {
  it('says what is not known, and how to find out', async () => {
    const found = findingsOf(await run('advise'));
    expect(found['memory']).toMatchObject({ verdict: 'unknown', text: expect.stringContaining('coldgate warmup') });
    expect(found['caps']).toMatchObject({
      verdict: 'no',
      set: [{ path: 'environments.production.target.reserved-concurrency', value: '50' }],
    });
  });

  it('goes by the recorded measurement, unless it may ask nothing', async () => {
    await measure();
    const found = findingsOf(await run('advise --p95 1200ms'));
    expect([found['timeouts']?.verdict, found['memory']?.verdict, found['pre-warm']?.verdict]).toEqual([
      'no',
      'no',
      'no',
    ]);
    expect(found['timeouts']?.why).toContain('45.0 s');
    expect(findingsOf(await run('advise --offline'))['memory']?.verdict).toBe('unknown');
  });

  it('refuses what is no time', async () => {
    expect(await run('advise --p95 soon')).toMatchObject({ exit: 2 });
  });

  it('is what validate warns of, each once, and nothing that validate says already', async () => {
    const cli = [commandLine, 'validate', '--skip-run', '--environment', 'production'];
    const { exit, stderr } = await runNode(cli, project.folder, { COLDGATE_CACHE: testCache });
    expect(exit, stderr).toBe(0);
    const warned = stderr.split('\n').filter((line) => line.startsWith('warning: production'));
    expect(warned.map((line) => /production, ([\w-]+):/.exec(line)?.[1])).toEqual(['caps', 'public']);
  });

  it('is what doctor says of measurements, beside its checks of the store', async () => {
    const { document, exit } = await run('doctor');
    const { advice } = document as { advice: { id: string; verdict: string }[] };
    expect(exit).toBe(0);
    const output = advice.map(({ id, verdict }) => `${id} ${verdict}`);
    expect(output).toEqual(expect.arrayContaining(['timeouts no', 'memory no']));
    expect(output.join()).not.toContain('caps');
  });
});
