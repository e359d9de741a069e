import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runStep } from '../fakes/processes/runner.ts';
import { pullRequest, push } from './payloads.ts';
import { Repository } from './repository.ts';

const shaOf = (digit: string): string => digit.repeat(40);

/** The life of one model, told by events; each a process started as a runner starts the action. */
describe('the root action on events', () => {
  const repository = new Repository();
  let first: string;
  const versions = () => readdirSync(repository.path('store/digits/versions')).sort();
  const pointer = (name: string) => JSON.parse(readFileSync(repository.path('store/digits', name), 'utf8'));
  const functions = (environment: string) => {
    const folder = repository.path('.coldgate/local', environment);
    return existsSync(folder) ? readdirSync(folder).filter((name) => !name.includes('.lock')) : [];
  };
  const health = async (url: string | undefined) => (await fetch(`${url}/v1/health?warm=true`)).json();

  beforeAll(() => {
    first = repository.commit();
  });
  afterAll(() => repository.remove());

  it('push: ships to staging, says why first, and names the model for a matrix', async () => {
    const step = await repository.on('push', push({ ref: 'refs/heads/main', before: '0'.repeat(40) }));
    expect([step.exit, step.outputs['promoted'], step.outputs['environment']]).toEqual([0, 'true', 'staging']);
    expect(JSON.parse(step.outputs['models'] ?? '')).toEqual([{ model: 'digits', version: '1.0.0' }]);
    expect(step.summary).toMatch(
      /^## Coldgate\n\n\*\*The default branch `main` was pushed: its models are shipped\.\*\*/,
    );
    expect(pointer('staging.json')).toMatchObject({ version: '1.0.0' });
    expect(existsSync(repository.path('store/digits/current.json'))).toBe(false);
  });

  it('push without a change: does nothing, green', async () => {
    const step = await repository.on('push', push({ ref: 'refs/heads/main', before: first }));
    expect([step.exit, step.outputs['models'], step.outputs['steps']]).toEqual([0, '[]', '[]']);
    expect(step.summary).toContain('the environment has what models.yaml asks for');
  });

  it('opened: a preview at an address of its own, measured against what is live', async () => {
    repository.commit({ version: '1.1.0', bias: 0.75 });
    const payload = pullRequest({ action: 'opened', number: 12, headSha: shaOf('a'), baseSha: first });
    const step = await repository.on('pull_request', payload);
    expect([step.exit, step.outputs['verdict']]).toEqual([0, 'pass']);
    expect(step.outputs['version']).toBe('1.1.0-pr.12.aaaaaaa');
    expect(await health(step.outputs['endpoint-url'])).toMatchObject({
      model: { version: '1.1.0-pr.12.aaaaaaa' },
      sample: 'ok',
    });
    const page = await fetch(`${step.outputs['endpoint-url']}/`, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(functions('staging').sort()).toEqual(['digits-pr-12', 'digits-staging']);
    expect(step.summary.indexOf('Pull request #12 was opened')).toBeLessThan(step.summary.indexOf('model_loaded_ms'));
    expect(pointer('staging.json')).toMatchObject({ version: '1.0.0' });
    const again = await repository.on('pull_request', payload);
    expect([again.exit, again.outputs['endpoint-url']]).toEqual([0, step.outputs['endpoint-url']]);
  });

  it('synchronize: the preview of the earlier commit goes when the new one is proven', async () => {
    const payload = pullRequest({ action: 'synchronize', number: 12, headSha: shaOf('b'), baseSha: first });
    const step = await repository.on('pull_request', payload);
    expect([step.exit, step.outputs['version']]).toEqual([0, '1.1.0-pr.12.bbbbbbb']);
    expect(versions()).toEqual(['1.0.0', '1.1.0-pr.12.bbbbbbb']);
    const state = JSON.parse(readFileSync(repository.path('.coldgate/local/staging/digits-pr-12/state.json'), 'utf8'));
    expect(state.revisions.map((r: { version: string }) => r.version)).toEqual(['1.1.0-pr.12.bbbbbbb']);
    const pruned = await repository.on('workflow_dispatch', { inputs: { verb: 'prune', environment: 'staging' } });
    expect([pruned.exit, versions()]).toEqual([0, ['1.0.0', '1.1.0-pr.12.bbbbbbb']]);
  });

  it('a fork: measured on the runner, green, and nothing is left anywhere', async () => {
    const headRepository = { id: 2, full_name: 'mallory/models' };
    const payload = pullRequest({ action: 'opened', number: 13, headSha: shaOf('c'), baseSha: first, headRepository });
    const step = await repository.on('pull_request', payload);
    expect([step.exit, step.outputs['verdict'], step.outputs['endpoint-url']]).toEqual([0, 'pass', '']);
    expect(step.summary).toContain('it comes from a fork: such a run has no credentials');
    expect(versions()).toEqual(['1.0.0', '1.1.0-pr.12.bbbbbbb']);
    expect(functions('staging').sort()).toEqual(['digits-pr-12', 'digits-staging']);
  });

  it('closed: function, versions and records are gone', async () => {
    const payload = pullRequest({ action: 'closed', number: 12, headSha: shaOf('b'), baseSha: first });
    const step = await repository.on('pull_request', payload);
    expect(step.exit).toBe(0);
    expect(versions()).toEqual(['1.0.0']);
    expect(functions('staging')).toEqual(['digits-staging']);
    const records = readdirSync(repository.path('store/digits/baselines'), { recursive: true, encoding: 'utf8' });
    expect(records.filter((name) => name.includes('pr.12'))).toEqual([]);
    expect((await repository.on('pull_request', payload)).exit).toBe(0);
  });

  it('a tag before its version is published: exit 3, nothing moved', async () => {
    const step = await repository.on('push', push({ ref: 'refs/tags/digits@1.1.0' }));
    expect([step.exit, step.annotations[0]?.properties['title']]).toEqual([3, 'Coldgate release: version-missing']);
    expect(existsSync(repository.path('store/digits/current.json'))).toBe(false);
  });

  it('a tag of a published version: verified, measured, live in production', async () => {
    expect((await repository.on('push', push({ ref: 'refs/heads/main', before: first }))).exit).toBe(0);
    const step = await repository.on('push', push({ ref: 'refs/tags/digits/v1.1.0' }));
    expect([step.exit, step.outputs['verdict'], step.outputs['promoted']]).toEqual([0, 'pass', 'true']);
    expect(pointer('current.json')).toMatchObject({ version: '1.1.0', gate: { verdict: 'pass' } });
    expect(await health(step.outputs['endpoint-url'])).toMatchObject({ model: { version: '1.1.0' } });
    const again = await repository.on('push', push({ ref: 'refs/tags/digits@1.1.0' }));
    expect([again.exit, again.outputs['promoted']]).toEqual([0, 'false']);
  });

  it('a tag that models.yaml does not name: refused, exit 2', async () => {
    const step = await repository.on('push', push({ ref: 'refs/tags/digits@1.0.0' }));
    expect([step.exit, step.annotations[0]?.properties['title']]).toEqual([2, 'Coldgate event: event-refused']);
  });

  it('workflow_dispatch: rolls back production by hand', async () => {
    repository.commit({ version: '1.2.0', bias: 0.125 });
    await repository.on('push', push({ ref: 'refs/heads/main', before: first }));
    await repository.on('push', push({ ref: 'refs/tags/digits@1.2.0' }));
    const step = await repository.on('workflow_dispatch', { inputs: { verb: 'rollback', model: 'digits' } });
    expect([step.exit, step.outputs['version'], step.outputs['previous-version']]).toEqual([0, '1.1.0', '1.2.0']);
    expect(pointer('current.json')).toMatchObject({ version: '1.1.0', kind: 'rollback' });
    expect(pointer('staging.json')).toMatchObject({ version: '1.2.0' });
    const again = await repository.on('workflow_dispatch', { inputs: { verb: 'rollback', model: 'digits' } });
    expect([again.exit, again.outputs['promoted'], again.outputs['version']]).toEqual([0, 'false', '1.1.0']);
    expect(again.summary).toContain('digits was rolled back from 1.2.0 to 1.1.0 already');
  });

  it('schedule: removes what a lost event left, and finds endpoints in step with pointers', async () => {
    const payload = pullRequest({ action: 'opened', number: 14, headSha: shaOf('d'), baseSha: first });
    expect((await repository.on('pull_request', payload)).exit).toBe(0);
    const kept = await repository.on('schedule', {}, { open: '14' });
    expect([kept.exit, kept.outputs['previews'], kept.outputs['drift']]).toEqual([0, '[]', 'false']);
    const young = await repository.on('schedule', {}, { open: 'none' });
    expect(young.outputs['previews']).toBe('[]');
    const old = await repository.on('schedule', {}, { 'max-age-days': '0' });
    expect([old.exit, old.outputs['previews']]).toEqual([0, '[14]']);
    expect(versions().filter((v) => v.includes('pr.'))).toEqual([]);
    expect(functions('staging')).toEqual(['digits-staging']);
  });

  it('without its event, or without the payload: exit 2, and the variable is named in log and annotation', async () => {
    const none = await runStep('root', { config: 'models.yaml' }, repository.project.folder);
    expect([none.exit, none.annotations[0]?.message]).toEqual([2, expect.stringContaining('GITHUB_EVENT_NAME')]);
    const more = { GITHUB_EVENT_NAME: 'push' };
    const file = repository.path('event.json');
    writeFileSync(file, 'half a {');
    for (const path of ['', repository.path('nowhere.json'), repository.path(), file]) {
      const variables = { ...more, ...(path && { GITHUB_EVENT_PATH: path }) };
      const step = await runStep('root', { config: 'models.yaml' }, repository.project.folder, variables);
      expect([step.exit, step.annotations[0]?.message]).toEqual([2, expect.stringContaining('GITHUB_EVENT_PATH')]);
      expect([step.annotations.length, step.summary]).toEqual([1, expect.stringContaining('bad-event')]);
    }
  });

  it('refuses pull_request_target', async () => {
    const step = await repository.on('pull_request_target', pullRequest({ action: 'opened' }), { verb: 'preview' });
    expect([step.exit, step.annotations[0]?.properties['title']]).toEqual([2, 'Coldgate event: event-refused']);
  });
});
