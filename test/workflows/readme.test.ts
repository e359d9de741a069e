import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { runAct } from './act-run.ts';
import { commitAll, pinToCopy } from './repository.ts';

const root = join(import.meta.dirname, '..', '..');

/** Every block of the README that says in its first line which file it is. */
function filesOfReadme(): [path: string, text: string][] {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```yaml\n# (\S+\.ya?ml)\n([\s\S]*?)```/g);
  return [...blocks].map(([, path = '', text = '']) => [path, text]);
}

describePart('act', whyNot(act), 'the quickstart of the README, copied as it stands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-readme-'));
  const workflow = '.github/workflows/models.yml';
  afterAll(async () => {
    for (const environment of ['staging', 'production']) {
      await runCommand(['destroy', '--environment', environment], folder);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('ships on a push to the default branch', async () => {
    for (const [path, text] of filesOfReadme()) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    cpSync(join(root, 'examples/local/models'), join(folder, 'models'), { recursive: true });
    pinToCopy(folder);
    const after = commitAll(folder, 'The quickstart');
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
