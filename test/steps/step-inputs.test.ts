import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runStep } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

const at = { config: 'models.yaml', model: 'digits' };

/** The five actions hold what they are handed to its form, and then to the truth. */
describe('outputs of one step as inputs of another', () => {
  const project = new Project();
  let sha256: string;
  let url: string;
  const step = (action: string, inputs: Record<string, string>) =>
    runStep(action, { ...at, ...inputs }, project.folder);

  beforeAll(async () => {
    project.release({});
    sha256 = (await step('publish-model', {})).outputs['sha256'] ?? '';
    url = (await step('deploy-function', { version: '1.0.0', sha256 })).outputs['endpoint-url'] ?? '';
  });
  afterAll(async () => {
    await runCommand(['destroy'], project.folder);
    project.remove();
  });

  it.each([
    ['publish-model', 'version', 'v1'],
    ['verify-checksum', 'version', '1.0'],
    ['verify-checksum', 'version', '{"digits":"1.0.0","voice":"2.0.0"}'],
    ['verify-checksum', 'sha256', 'abc'],
    ['deploy-function', 'version', '1.0.0+build'],
    ['deploy-function', 'sha256', 'A'.repeat(64)],
    ['canary-warmup', 'version', '../1.0.0'],
    ['canary-warmup', 'sha256', `${'a'.repeat(63)}g`],
    ['canary-warmup', 'endpoint-url', 'javascript:alert(1)'],
    ['promote-pointer', 'version', '1.0.0\n::set-output name=promoted::true'],
    ['promote-pointer', 'sha256', `sha256:${'a'.repeat(64)}`],
    ['promote-pointer', 'verdict', 'passed'],
  ])('%s refuses %s %j: exit 2, naming the input', async (action, name, value) => {
    const { exit, annotations, outputs } = await step(action, { [name]: value });
    expect([exit, annotations[0]?.level, outputs]).toEqual([2, 'error', {}]);
    expect(annotations[0]?.message).toMatch(new RegExp(`^input ${name}: expected `));
  });

  it.each(['verify-checksum', 'deploy-function', 'canary-warmup', 'promote-pointer'])(
    '%s stops at another sha256 than that of the version: exit 3',
    async (action) => {
      const { exit, annotations } = await step(action, { version: '1.0.0', sha256: 'a'.repeat(64) });
      expect([exit, annotations[0]?.properties['title']]).toEqual([3, expect.stringMatching(/: sha256-differs$/)]);
    },
  );

  it('warms up only the candidate that it was told of', async () => {
    const wrong = await step('canary-warmup', { version: '1.0.0', 'endpoint-url': 'http://127.0.0.1:1' });
    expect([wrong.exit, wrong.annotations[0]?.properties['title']]).toEqual([7, 'Coldgate warmup: endpoint-differs']);
    const right = await step('canary-warmup', { version: '1.0.0', sha256, 'endpoint-url': url });
    expect([right.exit, right.outputs['verdict']]).toEqual([0, 'pass']);
  });

  it('promotes only after a pass', async () => {
    const exits = [];
    for (const verdict of ['regression', 'inconclusive', 'error']) {
      exits.push((await step('promote-pointer', { version: '1.0.0', sha256, verdict })).exit);
    }
    expect(exits).toEqual([4, 5, 7]);
    const passed = await step('promote-pointer', { version: '1.0.0', sha256, verdict: 'pass' });
    expect([passed.exit, passed.outputs['promoted']]).toEqual([0, 'true']);
  });
});
