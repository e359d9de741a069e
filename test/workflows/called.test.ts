import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { previewVersion } from '../../src/steps/previews/name.ts';
import { act } from '../emulators/act.ts';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { Project, shortGate } from '../fixtures/project.ts';
import { pullRequest, push } from '../github/payloads.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { type ActResult, runAct } from './act-run.ts';
import { commitAll, ownSha } from './repository.ts';

const permissions = '{ contents: read, id-token: write, deployments: write, pull-requests: write, checks: write }';

/** A user's workflow that is nothing but a call of one of ours. */
const calling = (name: string, on: string, inputs: string): string => `name: ${name}
on: ${on}
permissions: {}
jobs:
  call:
    uses: coldgate/coldgate/.github/workflows/${name}.yml@${ownSha}
    permissions: ${permissions}
    with: { ${inputs} }
`;

describePart('act', whyNot(act) ?? whyNot(githubOpenapi), 'the workflows to call', () => {
  const project = new Project();
  const kept = mkdtempSync(join(tmpdir(), 'coldgate-kept-'));
  let github: GitHubServer;
  let first: string;

  const on = async (event: string, name: string, payload: Record<string, unknown>): Promise<ActResult> => {
    const workflow = `.github/workflows/${name}.yml`;
    const env = { GITHUB_API_URL: github.url };
    const ran = await runAct(project.folder, { event, workflow, payload, env, token: 'ghs_0123456789abcdefSECRET' });
    expect(ran.ok, ran.text).toBe(true);
    return ran;
  };

  beforeAll(async () => {
    github = await startGitHub();
    const gate = shortGate;
    project.release({ gate });
    const store = `"file://${kept}/store"`;
    const environments = `environments:
  staging: { store: ${store}, pointer: staging.json, target: { provider: local } }
  production: { store: ${store}, target: { provider: local } }
`;
    const yaml = `schema: 1
${environments}models:
  digits: { version: 1.0.0, files: { model.onnx: models/digits.onnx }, sample: models/sample.json, gate: { ${gate} } }
`;
    writeFileSync(project.path('models.yaml'), yaml);
    symlinkSync(kept, project.path('.coldgate'));
    mkdirSync(project.path('.github', 'workflows'), { recursive: true });
    const aws = 'aws-role: "arn:aws:iam::123456789012:role/x", aws-region: eu-west-1';
    const flows: [string, string, string][] = [
      ['preview', 'pull_request', aws],
      ['staging', 'push', 'google-provider: projects/1/x, google-account: a@example.com'],
      ['production', 'push', 'azure-client: a, azure-tenant: b, azure-subscription: c'],
      ['sweep', 'schedule', 'config: models.yaml'],
    ];
    for (const [name, event, inputs] of flows) {
      writeFileSync(project.path('.github', 'workflows', `${name}.yml`), calling(name, `{ ${event}: }`, inputs));
    }
    first = commitAll(project.folder, 'Call them');
  });
  afterAll(async () => {
    for (const name of ['staging', 'production']) await runCommand(['destroy', '--environment', name], project.folder);
    await github.stop();
    project.remove();
    rmSync(kept, { recursive: true, force: true });
  });

  it('ship to staging, preview, promote by tag and sweep, logged in where asked', async () => {
    const before = '0'.repeat(40);
    const staged = await on('push', 'staging', push({ ref: 'refs/heads/main', before, after: first }));
    expect(staged.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
    expect(staged.text).toContain('would log in a@example.com');

    const opened = pullRequest({ action: 'opened', headSha: first, baseSha: before });
    const preview = await on('pull_request', 'preview', opened);
    expect(preview.outputs['version']).toBe(previewVersion('1.0.0', 12, first));
    expect(preview.text).toContain('would assume arn:aws:iam::123456789012:role/x');
    const fork = { id: 2, full_name: 'mallory/models' };
    const forked = await on(
      'pull_request',
      'preview',
      pullRequest({ action: 'opened', number: 13, headRepository: fork }),
    );
    expect(forked.text).not.toContain('would assume');
    await on('pull_request', 'preview', pullRequest({ action: 'closed', headSha: first, baseSha: before }));

    const tagged = await on('push', 'production', push({ ref: 'refs/tags/digits/v1.0.0', before, after: first }));
    expect(tagged.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
    expect(tagged.text).toContain('would log in a');
    const repository = { full_name: 'acme/models', default_branch: 'main' };
    const swept = await on('schedule', 'sweep', { schedule: '0 4 * * *', repository });
    expect(swept.summaries.join('\n')).toContain('sweep');
  });
});
