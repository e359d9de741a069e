import { existsSync, readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { pullRequest, push } from './payloads.ts';
import { Repository } from './repository.ts';

const repository = new Repository();
afterAll(() => repository.remove());

it('a tag brings the version from the store of staging to that of production', async () => {
  repository.commit({ production: 'file:production' });
  const tag = push({ ref: 'refs/tags/digits@1.0.0' });
  const early = await repository.on('push', tag);
  expect([early.exit, early.annotations[0]?.properties['title']]).toEqual([3, 'Coldgate release: version-missing']);
  expect((await repository.on('push', push({ ref: 'refs/heads/main', before: '0'.repeat(40) }))).exit).toBe(0);
  expect(existsSync(repository.path('production/digits/versions'))).toBe(false);
  const step = await repository.on('push', tag);
  expect([step.exit, step.outputs['promoted'], step.outputs['version']]).toEqual([0, 'true', '1.0.0']);
  const pointer = JSON.parse(readFileSync(repository.path('production/digits/current.json'), 'utf8'));
  expect(pointer).toMatchObject({ version: '1.0.0', gate: { verdict: 'pass' } });
  expect(step.summary).toContain('is copied from');
});

it('a preview that breaks its SLO: exit 4, and it stays up for people to look', async () => {
  const base = repository.git('rev-parse', 'HEAD');
  repository.commit({
    version: '1.1.0',
    bias: 0.75,
    production: 'file:production',
    gate: 'slo-ms: 1, max-samples: 7',
  });
  const payload = pullRequest({ action: 'opened', number: 9, baseSha: base });
  const step = await repository.on('pull_request', payload);
  expect([step.exit, step.outputs['verdict']]).toEqual([4, 'regression']);
  expect((await fetch(`${step.outputs['endpoint-url']}/v1/health`)).status).toBe(200);
  expect((await repository.on('pull_request', pullRequest({ action: 'closed', number: 9, baseSha: base }))).exit).toBe(
    0,
  );
});
