import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';

const entry = (name: string) => `  ${name}:
    version: 1.0.0
    files: { model.onnx: models/digits.onnx }
    sample: models/sample.json
    optimize: off
`;

/** Previews of models that models.yaml has lost, found by what the store and the target have. */
describe('previews that no entry of models.yaml names', () => {
  const project = new Project();
  const models = (...names: string[]) =>
    writeFileSync(
      project.path('models.yaml'),
      `schema: 1\nenvironments:\n  local: { store: "file:store", target: { provider: local } }\nmodels:\n${names.map(entry).join('')}`,
    );
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const { exit, stdout, stderr } = await runCommand([...args, '--json'], project.folder, env);
    return { exit, document: JSON.parse(stdout), stderr };
  };
  const publish = (version: string, env = {}) => run(['publish', '--model', 'gamma', '--version', version], env);
  const versions = () =>
    existsSync(project.path('store/gamma/versions')) ? readdirSync(project.path('store/gamma/versions')) : [];
  /** Nothing has to run there: a function is found by its folder. */
  const deployed = (...names: string[]) =>
    names.forEach((name) => void mkdirSync(project.path('.coldgate/local/local', name, 'logs'), { recursive: true }));
  const functions = () =>
    existsSync(project.path('.coldgate/local/local')) ? readdirSync(project.path('.coldgate/local/local')).sort() : [];
  const here = { GITHUB_REPOSITORY: 'acme/models', GITHUB_SHA: '0'.repeat(40) };
  const elsewhere = { GITHUB_REPOSITORY: 'acme/other', GITHUB_SHA: '0'.repeat(40) };

  beforeAll(async () => {
    models('alpha', 'gamma');
    for (const version of ['1.0.0', '1.0.0-pr.12.aaaaaaa', '1.0.0-pr.12.bbbbbbb', '1.0.0-pr.13.aaaaaaa'])
      expect((await publish(version, here)).exit).toBe(0);
    expect((await publish('1.0.0-pr.14.aaaaaaa', elsewhere)).exit).toBe(0);
    models('alpha');
    deployed('gamma-pr-12', 'gamma-pr-13', 'gamma-pr-14', 'lost-pr-12', 'lost-pr-20', 'old-local', 'alpha-local');
  });
  afterAll(() => project.remove());

  it('destroy --dry-run names them and changes nothing', async () => {
    const { exit, stderr } = await run(['destroy', '--preview', '12', '--dry-run'], here);
    expect([exit, versions().length, functions().length]).toEqual([0, 5, 7]);
    expect(stderr).toContain('Would prune 1.0.0-pr.12.bbbbbbb, 1.0.0-pr.12.aaaaaaa');
    expect(stderr).toContain('The function lost-pr-12, which nothing names any more, would be removed.');
  });

  it('destroy --preview takes the functions and versions of that pull request, and of no other', async () => {
    const { exit } = await run(['destroy', '--preview', '12'], here);
    expect([exit, versions().sort()]).toEqual([0, ['1.0.0', '1.0.0-pr.13.aaaaaaa', '1.0.0-pr.14.aaaaaaa']]);
    expect(functions()).toEqual(['alpha-local', 'gamma-pr-13', 'gamma-pr-14', 'lost-pr-20', 'old-local']);
  });

  it('destroy leaves what another repository has published into the same store, and says so', async () => {
    const { exit, stderr } = await run(['destroy', '--preview', '14'], here);
    expect([exit, versions().includes('1.0.0-pr.14.aaaaaaa'), functions().includes('gamma-pr-14')]).toEqual([
      0,
      true,
      true,
    ]);
    expect(stderr).toContain('gamma has a preview of a pull request #14 of another repository: it stays.');
  });

  it('sweep removes orphans, and names what no entry owns', async () => {
    const young = await run(['sweep', '--open', 'none', '--dry-run'], here);
    expect([young.exit, versions().length]).toEqual([0, 3]);
    const swept = await run(['sweep', '--max-age-days', '0'], here);
    expect([swept.exit, versions().sort()]).toEqual([0, ['1.0.0', '1.0.0-pr.14.aaaaaaa']]);
    expect(swept.document.unowned.sort()).toEqual(['gamma', 'lost-pr-20', 'old-local']);
    expect(swept.document.results).toContainEqual({
      model: 'gamma',
      removed: [expect.objectContaining({ pullRequest: 13 })],
    });
    expect(swept.stderr).toContain('gamma: no entry of models.yaml owns it');
    expect(functions()).toEqual(['alpha-local', 'gamma-pr-14', 'lost-pr-20', 'old-local']);
  });

  it('sweep takes a function without versions once its pull request is known to be closed', async () => {
    expect((await run(['sweep', '--open', '20'], here)).document.unowned).toContain('lost-pr-20');
    expect((await run(['sweep', '--open', 'none'], here)).document.unowned.sort()).toEqual(['gamma', 'old-local']);
    expect(functions()).toEqual(['alpha-local', 'gamma-pr-14', 'old-local']);
  });
});
