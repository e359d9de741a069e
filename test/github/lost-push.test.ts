import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { push } from './payloads.ts';
import { Repository } from './repository.ts';

/** Pushes whose runs were cancelled, replaced or failed: what the next push does, from what the store and the target have. */
describe('a push makes good what earlier runs have lost', () => {
  const repository = new Repository();
  const branch = 'refs/heads/main';
  const pointer = () => JSON.parse(readFileSync(repository.path('store/digits/staging.json'), 'utf8'));
  /** A push of nothing but words. */
  const words = () => {
    const before = repository.git('rev-parse', 'HEAD');
    writeFileSync(repository.path('README.md'), `words ${before}`);
    repository.git('add', '--all');
    repository.git('commit', '--quiet', '--message', 'words');
    return push({ ref: branch, before });
  };
  const decide = async (payload: unknown) => {
    const { exit, outputs, summary } = await repository.on('push', payload, { verb: 'event' });
    return { exit, steps: outputs['steps'], models: outputs['models'], summary };
  };
  const edit = (from: RegExp, to: string) => {
    const path = repository.path('models.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
    repository.git('commit', '--quiet', '--all', '--message', 'edit');
  };

  beforeAll(() => void repository.commit());
  afterAll(async () => {
    // With a store that can be opened again, or nothing would be found to be stopped.
    repository.commit();
    await repository.remove();
  });

  it('ships a version that was never published, though this push has changed no model', async () => {
    const step = await repository.on('push', words());
    expect([step.exit, step.outputs['promoted'], step.outputs['version']]).toEqual([0, 'true', '1.0.0']);
    expect(step.summary).toContain('`digits` 1.0.0 is not published yet');
    expect(pointer()).toMatchObject({ version: '1.0.0', verb: 'ship' });
    expect(await decide(words())).toMatchObject({ exit: 0, steps: '[]', models: '[]' });
  });

  it('ships settings of a function that a lost run was to bring', async () => {
    edit(/refresh-seconds: 1 /, 'refresh-seconds: 1, threads: 2 ');
    const found = await decide(words());
    expect(found.steps).toBe('["ship"]');
    expect(found.summary).toMatch(/1\.0\.0 is live, but `live of digits-staging: settings/);
    edit(/, threads: 2/, '');
    expect((await decide(words())).steps).toBe('[]');
  });

  it('ships other bytes under a published version to their refusal: exit 3, and nothing moves', async () => {
    repository.commit({ version: '1.0.0', bias: 0.75 });
    const payload = words();
    expect((await decide(payload)).summary).toContain('published with other bytes than the files here: `model.onnx`');
    const step = await repository.on('push', payload);
    expect([step.exit, step.annotations[0]?.properties['title']]).toEqual([3, 'Coldgate ship: version-exists']);
    expect(pointer().sequence).toBe(1);
  });

  it('does not undo a rollback by hand, until models.yaml names another version', async () => {
    repository.commit({ version: '1.1.0', bias: 0.75 });
    expect((await repository.on('push', words())).exit).toBe(0);
    const inputs = { verb: 'rollback', environment: 'staging', model: 'digits' };
    expect((await repository.on('workflow_dispatch', { inputs })).exit).toBe(0);
    const held = await decide(words());
    expect([held.steps, held.models]).toEqual(['[]', '[]']);
    expect(held.summary).toContain('`digits` stays at 1.0.0, though models.yaml names 1.1.0: octocat rolled it back');
    edit(/version: 1\.1\.0/, 'version: 1.2.0');
    expect(await decide(words())).toMatchObject({ models: '[{"model":"digits","version":"1.2.0"}]' });
  });

  it('leaves what the branch has changed since to its own run', async () => {
    const here = repository.git('rev-parse', 'HEAD');
    edit(/version: 1\.2\.0/, 'version: 1.3.0');
    repository.git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    repository.git('checkout', '--quiet', here);
    const found = await decide(push({ ref: branch, before: here }));
    expect([found.steps, found.summary]).toEqual(['[]', expect.stringContaining('the branch names `1.3.0` by now')]);
    repository.git('checkout', '--quiet', 'main');
  });

  it('says where the store cannot be read; a run is red, and a job that only decides takes what has changed', async () => {
    edit(/file:store/g, 's3://no-such-bucket-of-coldgate/models');
    const unreachable = {
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none-of-these-opens-anything',
    };
    const next = words();
    const shown = await repository.on('push', next, { verb: 'event' }, unreachable);
    expect([shown.exit, shown.outputs['models']]).toEqual([0, '[]']);
    expect(shown.summary).toContain('Models that earlier runs have lost are not seen: the store could not be read');
    const step = await repository.on('push', next, {}, unreachable);
    expect(step.exit).not.toBe(0);
  });
});
