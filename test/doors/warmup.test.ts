import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../fakes/processes/runner.ts';
import { Project, shortGate } from '../fixtures/project.ts';

const gate = shortGate;

describe('warmup, from run to run', () => {
  const project = new Project();
  afterAll(async () => {
    await runCommand(['destroy'], project.folder);
    project.remove();
  });
  const json = async (...args: string[]) => {
    const { exit, stdout } = await runCommand([...args, '--json'], project.folder);
    return { exit, ...JSON.parse(stdout) };
  };
  const idsOf = (record: { samples: { instance_id: string }[] }) => record.samples.map((s) => s.instance_id);

  it('records the first release, and takes the recorded verdict up in a second run', async () => {
    project.release({ gate });
    await json('publish');
    const first = await json('warmup');
    expect(first).toMatchObject({ exit: 0, verdict: 'pass', reason: 'no-baseline' });
    const second = await json('warmup');
    expect(idsOf(second.record)).toEqual(idsOf(first.record));
    const fresh = await json('warmup', '--fresh');
    expect(idsOf(fresh.record)).not.toEqual(idsOf(first.record));
    expect(fresh.record.attempt).toBe(2);
  });

  it('records every phase of every start', async () => {
    const { record } = await json('warmup');
    for (const { timings } of record.samples) {
      expect(Object.keys(timings)).toEqual(
        expect.arrayContaining([
          ...['init_ms', 'import_ms', 'fetch_ms', 'verify_ms', 'session_ms', 'model_loaded_ms'],
          ...['first_run_ms', 'second_run_ms', 'handler_ms', 'round_trip_ms'],
        ]),
      );
    }
  });

  it('judges another phase when it is named, and an SLO that nothing can keep', async () => {
    project.release({ gate: `${gate}, metric: [round_trip_ms, session_ms], slo-ms: 1` });
    const { exit, reason, record } = await json('warmup');
    expect([exit, reason]).toEqual([4, 'slo']);
    expect(record.rule.options.metrics).toEqual(['round_trip_ms', 'session_ms']);
  });

  it('compares with the recorded starts of the live version when that is asked for', async () => {
    project.release({ gate });
    await json('warmup', '--fresh');
    await json('promote');
    project.release({ version: '1.1.0', bias: 0.25, gate: `${gate}, baseline: stored` });
    await json('publish');
    const { exit, record } = await json('warmup');
    expect([exit, record.verdict.baseline]).toEqual([0, 'stored']);
    expect(record.baseline.version).toBe('1.0.0');
  });

  it('renders a record again in every form', async () => {
    const path = '.coldgate/reports/digits-1.1.0.json';
    const forms = { terminal: 'PASS', markdown: 'xychart-beta', svg: '<svg', json: '"schema"' };
    for (const [format, mark] of Object.entries(forms)) {
      const { exit, stdout } = await runCommand(['report', path, '--format', format], project.folder);
      expect([exit, stdout.includes(mark)]).toEqual([0, true]);
    }
    expect(readFileSync(project.path('.coldgate/reports/digits-1.1.0.svg'), 'utf8')).toContain('</svg>');
  });

  it('ends with 7 when the function does not prove its cold starts', async () => {
    project.release({ version: '1.2.0', bias: 0.75, gate });
    await json('publish');
    const model = project.path('store/digits/versions/1.2.0/model.onnx');
    writeFileSync(model, Buffer.concat([readFileSync(model), Buffer.from('x')]));
    const { exit, error } = await json('warmup');
    expect([exit, error.code]).toEqual([7, 'no-cold-starts']);
    expect(await json('promote', '--gate', 'skip')).toMatchObject({ exit: 3 });
  });
});
