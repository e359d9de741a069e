import { afterEach, beforeEach, expect, it } from 'vitest';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { describePart } from '../emulators/servers.ts';
import { bringPart } from '../handler/bring-part.ts';
import { type Bed, openBed, sha } from './bed.ts';

const preview = { transient: true, production: false, description: 'digits 1.2.0-pr.12.aaaaaaa' };
const environment = 'preview/pr-12';

describePart('github-openapi', await bringPart(githubOpenapi), 'deployments', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = await openBed();
  });
  afterEach(async () => {
    expect(bed.state.violations).toEqual([]);
    await bed.stop();
  });
  const states = (): string[][] => bed.repository.deployments.map((d) => d.statuses.map((s) => s.state));

  it('live from in_progress to success to inactive, with links', async () => {
    const client = bed.open();
    const deployment = await client.deployment(environment, preview);
    await client.status(deployment, { state: 'in_progress', description: 'Measuring' });
    await client.status(deployment, {
      state: 'success',
      description: 'pass: within 10 %',
      environmentUrl: 'https://abc.lambda-url.eu-west-1.on.aws/',
    });
    expect(await client.deactivate(environment)).toBe(1);
    const [stored] = bed.repository.deployments;
    expect(stored).toMatchObject({
      ...{ id: deployment?.id, ref: sha, sha, task: 'deploy:coldgate', environment },
      ...{ transient: true, production: false, description: preview.description },
    });
    const link = 'https://github.com/octo-org/models/actions/runs/99';
    expect(stored?.statuses.map(({ id: _, ...rest }) => rest)).toEqual([
      { state: 'in_progress', description: 'Measuring', environment_url: '', log_url: link },
      {
        state: 'success',
        description: 'pass: within 10 %',
        environment_url: 'https://abc.lambda-url.eu-west-1.on.aws/',
        log_url: link,
      },
      { state: 'inactive', description: 'Removed.', environment_url: '', log_url: link },
    ]);
    const created = bed.state.calls.find((c) => c.route === 'POST /repos/{owner}/{repo}/deployments');
    expect(created?.body).toMatchObject({ auto_merge: false, required_contexts: [] });
    expect(client.warnings).toEqual([]);
  });

  it('are reused by a second attempt of the same commit, and made again for the next commit or after the end', async () => {
    const first = await bed.open().deployment(environment, preview);
    const again = await bed.open().deployment(environment, preview);
    expect(again).toEqual({ ...first, reused: true });
    const next = await bed.open({ sha: 'b'.repeat(40) }).deployment(environment, preview);
    expect(next?.id).not.toBe(first?.id);
    expect(next?.reused).toBe(false);
    await bed.open().deactivate(environment);
    expect((await bed.open().deployment(environment, preview))?.reused).toBe(false);
    expect(bed.repository.deployments).toHaveLength(3);
  });

  it('end the ones of earlier commits once the new one has succeeded, and not before', async () => {
    for (const commit of ['1', '2', '3']) {
      const client = bed.open({ sha: commit.repeat(40) });
      const deployment = await client.deployment(environment, preview);
      await client.status(deployment, { state: 'in_progress' });
      if (commit === '3')
        expect(states()).toEqual([['in_progress', 'success', 'inactive'], ['in_progress', 'failure'], ['in_progress']]);
      await client.status(deployment, { state: commit === '2' ? 'failure' : 'success' });
      if (commit === '1') await client.deactivate(environment);
    }
    expect(states()).toEqual([
      ['in_progress', 'success', 'inactive'],
      ['in_progress', 'failure', 'inactive'],
      ['in_progress', 'success'],
    ]);
  });

  it('end themselves when a later one has succeeded already', async () => {
    const early = bed.open({ sha: '1'.repeat(40) });
    const overtaken = await early.deployment(environment, preview);
    const late = bed.open({ sha: '2'.repeat(40) });
    const newest = await late.deployment(environment, preview);
    await late.status(newest, { state: 'success' });
    bed.repository.deployments[0]?.statuses.splice(0);
    await early.status(overtaken, { state: 'success' });
    expect(states()).toEqual([['success', 'inactive'], ['success']]);
  });

  it('leave those of other environments, and those that GitHub made for the job, as they are', async () => {
    const { deployments } = bed.repository;
    const job = { ref: sha, sha, transient: false, production: true, description: '', statuses: [] };
    deployments.push({ ...job, id: 1, task: 'deploy', environment: 'production' });
    const other = await bed.open().deployment('preview/pr-13', preview);
    const client = bed.open();
    const release = await client.deployment('production', {
      ...{ ref: 'digits@1.2.0', transient: false, production: true, description: 'digits 1.2.0' },
    });
    await client.status(release, { state: 'success' });
    expect(deployments.map((d) => [d.id, d.ref, d.statuses.length])).toEqual([
      [1, sha, 0],
      [other?.id, sha, 0],
      [release?.id, 'digits@1.2.0', 1],
    ]);
  });

  it('are all ended on request, page by page, and only those that still stand', async () => {
    bed.state.behaviour.maxPerPage = 2;
    for (const commit of ['1', '2', '3', '4', '5']) {
      await bed.open({ sha: commit.repeat(40) }).deployment(environment, preview);
    }
    expect(await bed.open().deactivate(environment)).toBe(5);
    expect(await bed.open().deactivate(environment)).toBe(0);
    expect(states()).toEqual(new Array(5).fill(['inactive']));
  });

  it('are one when the answer to the creation got lost', async () => {
    bed.fail({ match: 'POST /repos/octo-org/models/deployments', status: 502, done: true });
    expect((await bed.open().deployment(environment, preview))?.environment).toBe(environment);
    expect(bed.repository.deployments).toHaveLength(1);
  });

  it('are a warning where GitHub sees a conflict, and the run goes on', async () => {
    bed.fail({
      match: 'POST /repos/octo-org/models/deployments',
      status: 409,
      message: 'Conflict merging main into x',
    });
    const client = bed.open();
    expect(await client.deployment(environment, preview)).toBe(undefined);
    expect(await client.status(undefined, { state: 'success' })).toBe(false);
    expect(client.warnings).toEqual([
      {
        code: 'github-api',
        message: 'Could not record deployments (409: Conflict merging main into x). The run continues without.',
        hint: 'Nothing else is affected; the next run tries again.',
      },
    ]);
  });

  it('keep descriptions and links to what GitHub takes', async () => {
    const client = bed.open({ runUrl: undefined });
    const deployment = await client.deployment(environment, { ...preview, description: '😀'.repeat(100) });
    await client.status(deployment, {
      ...{ state: 'success', description: 'd'.repeat(141), environmentUrl: 'file:///tmp/x' },
    });
    const [stored] = bed.repository.deployments;
    expect(stored?.description).toBe(`${'😀'.repeat(69)}…`);
    expect(stored?.statuses[0]).toMatchObject({ description: `${'d'.repeat(139)}…`, environment_url: '', log_url: '' });
  });

  it('delete the environment only when asked to, and say which token could where this one cannot', async () => {
    await bed.open().deployment(environment, preview);
    const client = bed.open();
    await client.deactivate(environment, { remove: true });
    expect(client.warnings).toEqual([
      {
        code: 'github-permission',
        message:
          'GitHub does not let this token delete environments (403: Resource not accessible by integration). The run continues without.',
        hint: "Only a token with administration: write can; the workflow's own token never has it.",
      },
    ]);
    bed.state.behaviour.denied = [];
    await bed.open().deactivate(environment);
    expect([...bed.repository.environments]).toEqual([environment]);
    await bed.open().deactivate(environment, { remove: true });
    expect([...bed.repository.environments]).toEqual([]);
  });
});
