import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel, tinySample } from '../fixtures/onnx.ts';
import { type Fields, RealProject } from './google-project.ts';

/*
 * What is not proven about Google Cloud, in the order of docs/google.md: each point says what it expects, if anything is
 * documented, and writes down what it found. Points that measure cannot fail.
 */
const root = join(import.meta.dirname, '..', '..');
const project = new RealProject();
let source: Fields;

const failed = (operation: Fields): unknown => (operation['error'] as Fields | undefined)?.['message'];
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

beforeAll(async () => {
  source = await project.archive();
  const path = `v2/${project.parent}/services?serviceId=${project.service}`;
  const body = { template: project.template('a', source), traffic: project.traffic('a') };
  const made = await project.settle(await project.ask('run', 'POST', path, body));
  expect(failed(made)).toBeUndefined();
});
afterAll(() => project.close());

describe('what is not proven about Cloud Run', () => {
  it('1. an archive without a build starts; a zip is refused', async () => {
    const { report } = await project.callUntil(await project.addressOf());
    const { node, cwd, uid, writable, revision } = report;
    project.note(1, { node, cwd, uid, writable, revision });
    expect(node).toMatch(/^v24\./);
    expect(revision).toBe(`${project.service}-a`);
    // Root may write anywhere.
    expect(uid === 0 || !writable).toBe(true);
    const zip = await project.upload('source.zip', Buffer.from('PK\x03\x04 no archive of tar'));
    const template = project.template('zip', zip);
    const answer = await project.attempt(() =>
      project.patch('template,traffic', { template, traffic: project.traffic('a') }),
    );
    project.note(1, { zip: failed((answer['answer'] ?? {}) as Fields) ?? answer['message'] ?? 'taken' });
  });

  it('2. without a health check nothing is started before the first request', async () => {
    const template = project.template('cold', source, { healthCheckDisabled: true });
    const from = performance.now();
    const done = await project.patch('template,traffic', { template, traffic: project.traffic('a', { cold: 'cold' }) });
    expect(failed(done)).toBeUndefined();
    const deployMs = Math.round(performance.now() - from);
    const { report, ms } = await project.callUntil(await project.addressOf('cold'));
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const log = await project.systemLog('cold');
    project.note(2, { deployMs, firstAnswerMs: ms, requests: report.requests, log });
    expect(report.requests).toBe(0);
    expect(log.filter((line) => line.includes('DEPLOYMENT_ROLLOUT'))).toEqual([]);
  });

  it('3. times of changes and of new tags, and the spread of starts of one version', async () => {
    const samples = [];
    for (let at = 0; at < 10; at++) {
      const template = project.template(`aa-${at}`, source, { healthCheckDisabled: true }, { PROBE_LOAD: 'before' });
      const from = performance.now();
      await project.patch('template,traffic', {
        template,
        traffic: project.traffic('a', { [`aa-${at}`]: `aa-${at}` }),
      });
      const changeMs = Math.round(performance.now() - from);
      const { report, misses, ms } = await project.callUntil(await project.addressOf(`aa-${at}`));
      samples.push({ changeMs, misses: misses.length, answerMs: ms, loadedMs: report.loadedMs });
    }
    project.note(3, { samples });
  });

  it('4. loading before listening against loading in the first request; gen1 against gen2', async () => {
    const found: Fields = {};
    for (const generation of ['GEN1', 'GEN2'])
      for (const load of ['before', 'first']) {
        const loads: number[] = [];
        for (let at = 0; at < 5; at++) {
          const name = `${generation.toLowerCase()}-${load}-${at}`;
          const more = { healthCheckDisabled: true, executionEnvironment: `EXECUTION_ENVIRONMENT_${generation}` };
          const template = project.template(name, source, more, { PROBE_LOAD: load });
          await project.patch('template,traffic', { template, traffic: project.traffic('a', { load: name }) });
          loads.push((await project.callUntil(await project.addressOf('load'))).report.loadedMs ?? Number.NaN);
        }
        found[`${generation} ${load}`] = { median: median(loads), loads };
      }
    project.note(4, found);
  });

  it('5. a process that ends after its answer is followed by a new one', async () => {
    const template = project.template('exit', source, { healthCheckDisabled: true });
    await project.patch('template,traffic', { template, traffic: project.traffic('a', { exit: 'exit' }) });
    const url = await project.addressOf('exit');
    const rounds = [];
    for (let at = 0; at < 5; at++) {
      const { report } = await project.callUntil(url, '/exit');
      const from = performance.now();
      const next = await project.callUntil(url);
      const ms = Math.round(performance.now() - from);
      rounds.push({ isNew: next.report.id !== report.id, misses: next.misses, ms });
    }
    project.note(5, { rounds });
  });

  it('6. the etag moves with changes alone; a change without one meets another', async () => {
    const before = (await project.read())['etag'];
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    const after = (await project.read())['etag'];
    const change = () => project.attempt(() => project.patch('traffic', { traffic: project.traffic('a') }));
    const stale = await project.attempt(() =>
      project.patch('traffic', { etag: '"AAAA"', traffic: project.traffic('a') }),
    );
    const both = await Promise.all([change(), change()]);
    project.note(6, {
      stays: before === after,
      stale: [stale['status'], stale['reason']],
      both: both.map((one) => one['status']),
    });
    expect(stale['status']).toBe(409);
  });

  it('7. traffic changes while the newest revision is broken', async () => {
    const broken = project.template('broken', source);
    const [container] = broken['containers'] as Fields[];
    const template = { ...broken, containers: [{ ...container, args: ['missing.cjs'] }] };
    const deployed = await project.patch('template,traffic', { template, traffic: project.traffic('a') });
    const moved = await project.patch('traffic', { traffic: project.traffic('cold') });
    project.note(7, { deployed: failed(deployed) ?? 'no error', moved: failed(moved) ?? 'no error' });
    await project.patch('traffic', { traffic: project.traffic('a', { cold: 'cold' }) });
  });

  it('8. audiences of ID tokens for addresses of tags; federated principals', async () => {
    const url = await project.addressOf('cold');
    const own = await project.call(url);
    const ofTag = await project.call(url, '/', url);
    const { COLDGATE_REAL_FEDERATED_TOKEN: token } = process.env;
    const path = `v2/${project.parent}/services/${project.service}`;
    const federated = token && (await project.attempt(() => project.ask('run', 'GET', path, undefined, token)));
    project.note(8, { service: own.status, tag: ofTag.status, federated: federated || 'no federated token here' });
    expect(own.status).toBe(200);
  });

  it('9. an image of one layer on a base of Google’s', async ({ skip }) => {
    const repository = process.env['COLDGATE_REAL_GOOGLE_REPOSITORY'];
    if (!repository) return skip('COLDGATE_REAL_GOOGLE_REPOSITORY is not set');
    project.note(9, await shipped(`package: image, artifact-repository: ${repository}`));
  });

  it('10. an archive may go once its revision is there', async () => {
    const gone = await project.archive('gone.tar.gz');
    const template = project.template('gone', gone, { healthCheckDisabled: true });
    await project.patch('template,traffic', { template, traffic: project.traffic('a', { gone: 'gone' }) });
    await project.removeObject(String(gone['object']));
    const { report } = await project.callUntil(await project.addressOf('gone'));
    project.note(10, { requests: report.requests });
  });

  it('11. removal of a revision that has a tag; a name after its removal', async () => {
    const path = `v2/${project.parent}/services/${project.service}/revisions/${project.service}-gone`;
    const remove = () => project.attempt(() => project.ask('run', 'DELETE', path));
    const tagged = await remove();
    const template = project.template('last', source, { healthCheckDisabled: true });
    await project.patch('template,traffic', { template, traffic: project.traffic('a') });
    const free = await remove();
    const again = project.template('gone', source, { healthCheckDisabled: true, timeout: '50s' });
    const reused = await project.attempt(() => project.patch('template', { template: again }));
    project.note(11, {
      tagged: tagged['status'],
      free: free['status'],
      reused: reused['status'],
      why: reused['message'],
    });
  });

  it('12. a gateway from the OpenAPI document as it is', async ({ skip }) => {
    if (!process.env['COLDGATE_REAL_GOOGLE_GATEWAY']) return skip('COLDGATE_REAL_GOOGLE_GATEWAY is not set');
    project.note(12, await shipped('gateway: { auth: none }'));
  });

  it('13. what gcloud says of deployments without a build', () => {
    const help = spawnSync('gcloud', ['run', 'deploy', '--help'], { encoding: 'utf8' });
    project.note(13, { general: help.error ? 'no gcloud here' : help.stdout.includes('--no-build') });
  });

  it('and the whole of it: a model is shipped, rolled out twice, and removed', async () => {
    project.note(14, await shipped(''));
  });
});

/** Ships two versions with the built command line, and removes everything again. @param more further settings */
async function shipped(more: string): Promise<Fields> {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-real-'));
  const name = `m${project.service.slice(-6)}`;
  const target = `{ provider: google-cloud-run, project: ${project.id}, region: ${project.region}, service-account: "${project.runtime}"${more && `, ${more}`} }`;
  const run = (...args: string[]): Fields => {
    const command = [join(root, 'dist', 'cli.js'), ...args, '--environment', 'real', '--json'];
    return JSON.parse(execFileSync(process.execPath, command, { cwd: folder, encoding: 'utf8' })) as Fields;
  };
  const ship = (version: string, bias: number): { ms: number; document: Fields } => {
    writeFileSync(join(folder, 'model.onnx'), tinyModel(bias));
    writeFileSync(join(folder, 'models.yaml'), modelsYaml(name, version, target));
    const from = performance.now();
    return { document: run('ship'), ms: Math.round(performance.now() - from) };
  };
  writeFileSync(join(folder, 'sample.json'), JSON.stringify({ inputs: tinySample.inputs }));
  try {
    const [first, second] = [ship('1.0.0', 1), ship('1.1.0', 2)];
    return { first, second, again: ship('1.1.0', 2).ms, back: run('rollback') };
  } finally {
    run('destroy');
    rmSync(folder, { recursive: true, force: true });
  }
}

const modelsYaml = (name: string, version: string, target: string): string => `schema: 1
environments:
  real: { store: "gs://${project.bucket}/coldgate-probes/${project.service}/store", target: ${target} }
models:
  ${name}:
    version: ${version}
    files: { model.onnx: model.onnx }
    sample: sample.json
    gate: { max-samples: 15, on-inconclusive: pass }
`;
