import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

describe('the command line', () => {
  const empty = mkdtempSync(join(tmpdir(), 'coldgate-cli-'));
  afterAll(() => rmSync(empty, { recursive: true }));

  it('prints its help on standard output, and each verb its own', async () => {
    const general = await runCommand(['--help'], empty);
    expect([general.exit, general.stderr]).toEqual([0, '']);
    for (const { name, summary, inputs } of catalog) {
      expect(general.stdout).toContain(`  ${name}`);
      const { exit, stdout } = await runCommand([name, '--help'], empty);
      expect([exit, stdout.split('\n')[0]]).toEqual([0, `coldgate ${name}: ${summary}`]);
      for (const input of inputs.filter((one) => one.only !== 'action'))
        expect(stdout).toMatch(new RegExp(`${input.positional ? input.name.toUpperCase() : `--${input.name}`}\\b`));
      expect(Math.max(...stdout.split('\n').map((l) => l.length))).toBeLessThanOrEqual(130);
    }
  });

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect((await runCommand(['--version'], empty)).stdout).toBe(`${version}\n`);
  });

  it('ends with 2 and the nearest word for what it does not know', async () => {
    const verb = await runCommand(['promot'], empty);
    expect([verb.exit, verb.stdout]).toEqual([2, '']);
    expect(verb.stderr).toContain('Did you mean coldgate promote?');
    const flag = await runCommand(['publish', '--modle', 'a', '--versoin', '1'], empty);
    expect(flag.exit).toBe(2);
    expect(flag.stderr).toContain('--model?');
    expect(flag.stderr).toContain('--version?');
  });

  it('prints exactly one JSON document with --json, failures included', async () => {
    const { exit, stdout } = await runCommand(['status', '--json'], empty);
    const document = JSON.parse(stdout);
    expect([exit, document.exit, document.ok]).toEqual([2, 2, false]);
    expect(document.error.problems.length).toBeGreaterThan(0);
  });
});

describe('decide', () => {
  const project = new Project();
  afterAll(() => project.remove());
  const decide = async (samples: unknown) => {
    const { exit, stdout } = await runCommand(
      ['decide', '--samples', '-', '--json'],
      project.folder,
      {},
      JSON.stringify(samples),
    );
    return { exit, ...JSON.parse(stdout) };
  };
  const arm = (middle: number, n = 30) =>
    Array.from({ length: n }, (_, i) => middle * (1 + (((i * 7) % 11) - 5) / 100));

  it('passes, blocks and stays unsure with the exit codes of the contract', async () => {
    expect(await decide({ candidate: arm(300), baseline: arm(300) })).toMatchObject({ exit: 0, verdict: 'pass' });
    expect(await decide({ candidate: arm(450), baseline: arm(300) })).toMatchObject({ exit: 4, verdict: 'regression' });
    expect(await decide({ candidate: [300, 310, 305], baseline: [300, 290, 305] })).toMatchObject({
      exit: 5,
      verdict: 'inconclusive',
    });
  });

  it('refuses samples that are none, all problems at once', async () => {
    const { exit, error } = await decide({ candidate: [1, 'x'], baseline: 3, options: { tolerence: '5%' } });
    expect(exit).toBe(2);
    expect(error.problems.length).toBeGreaterThanOrEqual(3);
  });
});

describe('verbs on a store', () => {
  const project = new Project();
  afterAll(async () => {
    await runCommand(['destroy'], project.folder);
    project.remove();
  });
  const json = async (...args: string[]) => {
    const { exit, stdout, stderr } = await runCommand([...args, '--json'], project.folder);
    return { exit, stderr, ...JSON.parse(stdout) };
  };

  it('validates the model by running its sample here', async () => {
    expect(await json('validate')).toMatchObject({
      exit: 0,
      models: [{ model: 'digits', version: '1.0.0', published: false }],
    });
  });

  it('writes nothing in a dry run', async () => {
    expect(await json('publish', '--dry-run')).toMatchObject({ exit: 0, published: false });
    expect(await json('status')).toMatchObject({ exit: 0, versions: [] });
  });

  it('promotes without a function, ungated and saying so', async () => {
    await json('publish');
    const promoted = await json('promote');
    expect(promoted).toMatchObject({ exit: 0, promoted: true, version: '1.0.0', sequence: 1 });
    expect(promoted.stderr).toContain('without a gate');
    expect(await json('promote')).toMatchObject({ exit: 0, promoted: false, sequence: 1 });
  });

  it('refuses an ungated version when a gate is required, exit 5', async () => {
    project.release({ version: '1.1.0', bias: 0.25 });
    await json('publish');
    expect(await json('promote', '--gate', 'required')).toMatchObject({ exit: 5, error: { code: 'inconclusive' } });
  });

  it('rolls back, tells the history, prunes what nothing names', async () => {
    await json('promote');
    expect(await json('rollback')).toMatchObject({ exit: 0, version: '1.0.0', sequence: 3 });
    const { records } = await json('history');
    expect(records.map((r: { sequence: number; kind: string }) => [r.sequence, r.kind])).toEqual([
      [3, 'rollback'],
      [2, 'promotion'],
      [1, 'promotion'],
    ]);
    for (const [at, version] of ['1.2.0', '1.3.0', '1.4.0'].entries()) {
      project.release({ version, bias: at });
      await json('publish');
    }
    expect(await json('prune', '--retain', '1', '--dry-run')).toMatchObject({ exit: 0, pruned: [] });
    expect(await json('prune', '--retain', '1')).toMatchObject({ exit: 0, pruned: ['1.3.0', '1.2.0'] });
  });

  it('proves by doctor that the store can be trusted', async () => {
    expect(await json('doctor')).toMatchObject({ exit: 0, healthy: true });
  });

  it('ends with 3 when a version that is not there is asked for', async () => {
    expect(await json('verify', '--version', '9.9.9')).toMatchObject({ exit: 3, error: { code: 'version-missing' } });
  });
});
