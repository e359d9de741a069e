import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { runAct } from './act-run.ts';
import { commitAll, ownSha, pinToCopy } from './repository.ts';

const root = join(import.meta.dirname, '..', '..');

/** Every block of the README that says in its first line which file it is. */
function filesOfReadme(): [path: string, text: string][] {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```yaml\n# (\S+\.ya?ml)\n([\s\S]*?)```/g);
  return [...blocks].map(([, path = '', text = '']) => [path, text]);
}

const models = join(root, 'examples/local/models');
const copyModels = (folder: string): void => cpSync(models, join(folder, 'models'), { recursive: true });

/** How a repository without any file of ours gets what it needs. */
const beginnings: Record<string, (folder: string) => Promise<void>> = {
  'the quickstart of the README, copied as it stands': async (folder) => {
    for (const [path, text] of filesOfReadme()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    copyModels(folder);
    pinToCopy(folder);
  },
  'what `coldgate init` writes': async (folder) => {
    copyModels(folder);
    rmSync(join(folder, 'models/sample.json'));
    const made = await runCommand(['init', '--yes', '--action', `coldgate/coldgate@${ownSha}`], folder);
    expect(made.exit, made.stderr).toBe(0);
  },
};

describePart('act', whyNot(act), 'a repository that begins with', () => {
  const folders: string[] = [];
  const workflow = '.github/workflows/models.yml';
  afterAll(async () => {
    for (const folder of folders) {
      for (const environment of ['staging', 'production']) {
        await runCommand(['destroy', '--environment', environment], folder);
      }
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(Object.keys(beginnings))('%s ships on a push to the default branch', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-readme-'));
    folders.push(folder);
    await beginnings[name]!(folder);
    const after = commitAll(folder, 'The beginning');
    const repository = { full_name: 'acme/models', default_branch: 'main' };
    const before = '0'.repeat(40);
    const pushed = await runAct(folder, {
      ...{ event: 'push', workflow },
      payload: { ref: 'refs/heads/main', before, after, repository },
    });
    expect(pushed.ok, pushed.text).toBe(true);
    expect(pushed.outputs).toMatchObject({ version: '1.0.0', verdict: 'pass', promoted: 'true' });
    expect(pushed.summaries.join('\n')).toContain('staging');
  });
});
