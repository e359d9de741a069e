import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnprovenError } from '../../../src/errors.ts';
import { readPointer } from '../../../src/registry/pointer/read-pointer.ts';
import { functionSettings } from '../../../src/steps/function-settings.ts';
import { routeLive } from '../../../src/steps/release/route-live.ts';
import { readStoredVersion } from '../../../src/steps/stored-version.ts';
import { openWorkspace, type Workspace } from '../../../src/steps/workspace.ts';
import { runCommand } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';
import { contextIn } from '../../gate/context.ts';

/** A promotion in a real store, whose function does not prove it. */
describe('a move whose function does not prove it', () => {
  const project = new Project();
  let workspace: Workspace;
  beforeEach(async () => {
    for (const version of ['1.0.0', '1.1.0']) {
      project.release({ version, bias: Number(version.slice(2, 3)) });
      expect((await runCommand(['publish'], project.folder)).exit).toBe(0);
      const promote = ['promote', '--gate', 'skip', '--version', version];
      expect((await runCommand(promote, project.folder)).exit).toBe(0);
    }
    workspace = await openWorkspace({ config: 'models.yaml' }, contextIn(project.folder), { checkFiles: false });
  });
  afterEach(() => project.remove());

  const live = async () => (await readPointer(workspace.store, 'digits'))?.pointer;

  async function route(): Promise<unknown> {
    const [entry] = workspace.models;
    const target = await workspace.targetOf(entry!);
    const unproven = new UnprovenError('not-ready', 'It answers nothing.');
    const failing = { ...target, route: () => Promise.reject(unproven) };
    const settings = functionSettings(workspace.environment, entry!);
    expect((await target.describe(settings)).live).toBeUndefined();
    const deployment = { target: failing, package: { path: '', sha256: '', size: 0, unzipped: 0 } };
    const stored = await readStoredVersion(workspace.store, 'digits', '1.1.0');
    const moved = { pointer: await live() };
    return routeLive(workspace, entry!, stored, deployment, moved, contextIn(project.folder)).catch((error) => error);
  }

  it('is taken back, or the failure says that it could not be, what is live and what to type', async () => {
    const manifest = project.path('store', 'digits', 'versions', '1.0.0', 'manifest.json');
    renameSync(manifest, `${manifest}.gone`);
    const error = (await route()) as UnprovenError;
    expect(error).toMatchObject({ code: 'not-ready', exit: 7 });
    expect(error.message).toMatch(
      /^It answers nothing\. And the pointer, which names 1\.1\.0, could not be taken back: /,
    );
    expect(error.hint).toContain('coldgate rollback --model digits --to 1.0.0');
    expect(await live()).toMatchObject({ version: '1.1.0', sequence: 2 });

    renameSync(`${manifest}.gone`, manifest);
    expect(await route()).toMatchObject({ code: 'not-ready', message: 'It answers nothing.' });
    expect(await live()).toMatchObject({ version: '1.0.0', sequence: 3, kind: 'rollback' });
  });
});
