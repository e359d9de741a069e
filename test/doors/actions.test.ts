import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runStep } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

/** The tiny model loads in a few ms; nothing here is about the verdict. */
/** The default of two starts that are discarded is left. */
const gate = 'max-samples: 7, min-effect-ms: 4000';
const at = { environment: 'local', model: 'digits', config: 'models.yaml' };

/** The whole chain, each step a process started as a runner does, handing on by outputs. */
describe('the five actions, composed', () => {
  const project = new Project();

  beforeAll(() => project.release({ gate }));
  afterAll(async () => {
    await runCommand(['destroy'], project.folder);
    project.remove();
  });

  it('publishes a version and says what it is', async () => {
    const step = await runStep('publish-model', at, project.folder);
    expect(step.exit).toBe(0);
    expect(step.outputs).toMatchObject({ version: '1.0.0', published: 'true' });
    expect(step.outputs['sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(step.summary).toContain('digits 1.0.0 is published');
    const manifest = JSON.parse(readFileSync(project.path('store/digits/versions/1.0.0/manifest.json'), 'utf8'));
    expect(manifest.source).toEqual({
      repository: 'acme/models',
      commit: '0123456789abcdef0123456789abcdef01234567',
      run_url: 'https://github.example/acme/models/actions/runs/42',
    });
  });

  it('publishes the same bytes again as a no-op', async () => {
    const step = await runStep('publish-model', at, project.folder);
    expect([step.exit, step.outputs['published']]).toEqual([0, 'false']);
  });

  it('verifies what was published', async () => {
    const step = await runStep('verify-checksum', { ...at, deep: 'true' }, project.folder);
    expect([step.exit, step.outputs['verified'], step.outputs['version']]).toEqual([0, 'true', '1.0.0']);
  });

  it('deploys a candidate that answers, once', async () => {
    const first = await runStep('deploy-function', at, project.folder);
    expect([first.exit, first.outputs['changed']]).toEqual([0, 'true']);
    const health = await fetch(`${first.outputs['endpoint-url']}/v1/health?warm=true`);
    expect(await health.json()).toMatchObject({ model: { name: 'digits', version: '1.0.0' }, sample: 'ok' });
    const second = await runStep('deploy-function', at, project.folder);
    expect([second.exit, second.outputs['changed']]).toEqual([0, 'false']);
    expect(second.outputs['endpoint-url']).toBe(first.outputs['endpoint-url']);
  });

  it('warms up and hands on the verdict', async () => {
    const step = await runStep('canary-warmup', at, project.folder);
    expect([step.exit, step.outputs['verdict']]).toEqual([0, 'pass']);
    expect(Number(step.outputs['candidate-p50'])).toBeGreaterThan(0);
    const report = JSON.parse(readFileSync(project.path(step.outputs['report-path']!), 'utf8'));
    expect(report.samples.filter((s: { discarded: boolean }) => s.discarded)).toHaveLength(2);
    expect(step.summary).toContain('model_loaded_ms');
  });

  it('promotes, and the live function proves it', async () => {
    const step = await runStep('promote-pointer', { ...at, gate: 'required' }, project.folder);
    expect(step.exit).toBe(0);
    expect(step.outputs).toMatchObject({ promoted: 'true', version: '1.0.0', 'previous-version': '', sequence: '1' });
    const pointer = JSON.parse(readFileSync(project.path('store/digits/current.json'), 'utf8'));
    expect(pointer).toMatchObject({ version: '1.0.0', actor: 'octocat', gate: { verdict: 'pass' } });
    const reply = await fetch(`${step.outputs['endpoint-url']}/v1/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: { x: [[1, 2]] } }),
    });
    expect(await reply.json()).toMatchObject({ outputs: { y: [[5.5, 1]] } });
  });

  it('ships the next version through the verb input of the root action and rolls it back through it', async () => {
    project.release({ version: '1.1.0', bias: 0.25, gate });
    const shipped = await runStep('root', { ...at, verb: 'ship' }, project.folder);
    expect(shipped.exit).toBe(0);
    expect(shipped.outputs).toMatchObject({
      promoted: 'true',
      version: '1.1.0',
      'previous-version': '1.0.0',
      verdict: 'pass',
    });
    const back = await runStep('root', { ...at, verb: 'rollback' }, project.folder);
    expect(back.outputs).toMatchObject({
      promoted: 'true',
      version: '1.0.0',
      'previous-version': '1.1.0',
      sequence: '3',
    });
  });
});

describe('an action that fails', () => {
  const project = new Project();
  afterAll(() => project.remove());

  it('annotates every problem of models.yaml with file and line, and exits with 2', async () => {
    const { exit, annotations, outputs } = await runStep('publish-model', { config: 'broken.yaml' }, project.folder);
    expect([exit, outputs]).toEqual([2, {}]);
    expect(annotations.map((a) => a.level)).toEqual(['error']);
    expect(annotations[0]?.properties['title']).toMatch(/^Coldgate publish: /);
  });

  it('refuses an input that it cannot read, naming it', async () => {
    const { exit, annotations } = await runStep('verify-checksum', { deep: 'perhaps' }, project.folder);
    expect([exit, annotations[0]?.properties['title']]).toEqual([2, 'Coldgate verify: bad-input']);
    expect(annotations[0]?.message).toContain('input deep');
  });

  it('refuses other bytes under a published version with both digests, exit 3', async () => {
    project.release({});
    const first = await runStep('publish-model', at, project.folder);
    project.release({ bias: 9 });
    const { exit, annotations } = await runStep('publish-model', at, project.folder);
    expect([exit, annotations[0]?.properties['title']]).toEqual([3, 'Coldgate publish: version-exists']);
    expect(annotations[0]?.message).toContain(first.outputs['sha256']);
  });

  it('names the verbs when the root action is asked for another', async () => {
    const { exit, annotations } = await runStep('root', { verb: 'shipp' }, project.folder);
    expect([exit, annotations[0]?.level]).toEqual([2, 'error']);
  });
});
