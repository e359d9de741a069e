import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakableHandler } from '../../fakes/handler/breakable.ts';
import { type ProcessResult, testCache } from '../../fakes/processes/runner.ts';
import { Project } from '../../fixtures/project.ts';

const gate = 'max-samples: 7, min-effect-ms: 2000';
const cli = join(import.meta.dirname, '..', '..', 'fakes', 'processes', 'source-cli.ts');

/** The real handler on the local target, which breaks when the test says so; promoted by the command line. */
describe('promote --watch on the local target', () => {
  const project = new Project();
  const handler = breakableHandler(project.path('handler'));
  const other = breakableHandler(project.path('other-handler'), 'another build');

  /** Runs a verb; `during` is called with each piece of its output. */
  function run(
    args: string[],
    during: (text: string, kill: (signal: 'SIGINT') => void) => void = () => {},
    from = handler,
  ) {
    const env = { ...process.env, COLDGATE_CACHE: testCache, HANDLER_DIST: from };
    const child = spawn(process.execPath, [cli, ...args], { cwd: project.folder, env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      during(stderr, (signal) => void child.kill(signal));
    });
    return new Promise<ProcessResult>((resolve) => child.on('close', (exit) => resolve({ exit, stdout, stderr })));
  }
  const store = (...path: string[]) => project.path('store', ...path);
  const pointer = () => JSON.parse(readFileSync(store('digits', 'current.json'), 'utf8'));
  const breaks = (version: string) => writeFileSync(store('broken'), version);
  const publish = async (version: string, bias: number) => {
    project.release({ version, bias, gate });
    expect((await run(['publish'])).exit).toBe(0);
  };
  const served = async (): Promise<string> => {
    const { live } = JSON.parse((await run(['status', '--json'])).stdout);
    const reply = await fetch(`${live.url}/v1/health?warm=true`);
    const { model } = (await reply.json()) as { model: { version: string } };
    return `${model.version} by ${live.packageSha256}`;
  };
  const promote = ['promote', '--gate', 'skip', '--json'];

  beforeAll(async () => {
    project.release({ gate });
    expect(await run(['ship'])).toMatchObject({ exit: 0 });
  });
  afterAll(async () => {
    await run(['destroy']);
    project.remove();
  });

  it('passes a version that holds', async () => {
    await publish('1.1.0', 0.25);
    const { exit, stdout } = await run([...promote, '--watch', '2s']);
    const { watch, promoted } = JSON.parse(stdout);
    expect([exit, promoted]).toEqual([0, true]);
    expect(watch).toMatchObject({ outcome: 'passed', seconds: 2, failed: 0 });
    expect(watch.looks).toBeGreaterThan(3);
    expect(watch.p95_ms).toBeGreaterThan(0);
  });

  it('takes pointer and function back when it breaks after the flip', async () => {
    const before = await served();
    await publish('1.2.0', 0.75);
    const { exit, stdout } = await run(
      [...promote, '--watch', '60s'],
      (text) => {
        if (text.includes('Watching digits 1.2.0')) breaks('1.2.0');
      },
      other,
    );
    const { error, watch, promoted } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome, promoted]).toEqual([7, 'watch-failed', 'rolled-back', false]);
    expect(error.message).toMatch(/It broke after the flip.*The pointer is back on 1\.1\.0.*serves 1\.1\.0 again/s);
    expect(pointer()).toMatchObject({ version: '1.1.0', kind: 'rollback', sequence: 4 });
    expect(readdirSync(store('digits', 'history'))).toHaveLength(4);
    expect(await served()).toBe(before);
  });

  it('ends early where someone else has moved on, and leaves that alone', async () => {
    let moving: Promise<ProcessResult> | undefined;
    const { exit, stdout } = await run([...promote, '--version', '1.0.0', '--watch', '60s'], (text) => {
      if (text.includes('Watching digits 1.0.0')) moving ??= run([...promote, '--version', '1.1.0']);
    });
    expect((await moving)?.exit).toBe(0);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).watch).toMatchObject({
      outcome: 'superseded',
      why: expect.stringMatching(/made 1\.1\.0 live \(move 6\)/),
    });
    expect(pointer()).toMatchObject({ version: '1.1.0', kind: 'promotion' });
  });

  it('leaves what is live as it is when it is stopped, and says so', async () => {
    let stopped = false;
    const { exit, stdout } = await run([...promote, '--version', '1.0.0', '--watch', '60s'], (text, kill) => {
      // Once: a second one ends the process on the spot.
      if (stopped || !text.includes('Watching digits 1.0.0')) return;
      stopped = true;
      kill('SIGINT');
    });
    const { error } = JSON.parse(stdout);
    expect([exit, error.code]).toEqual([1, 'watch-stopped']);
    expect(error.message).toMatch(
      /stopped after \d+ of 60 s \(stopped by SIGINT\)\. digits 1\.0\.0 is live and no longer/,
    );
    expect(error.hint).toContain('coldgate rollback --model digits');
    expect(pointer()).toMatchObject({ version: '1.0.0' });
    expect(await served()).toMatch(/^1\.0\.0 /);
  });

  it('takes nothing back that it has not moved', async () => {
    const { exit, stdout } = await run([...promote, '--version', '1.0.0', '--watch', '60s'], (text) => {
      if (text.includes('Watching digits 1.0.0')) breaks('1.0.0');
    });
    writeFileSync(store('broken'), '');
    const { error, watch } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome]).toEqual([7, 'watch-failed', 'not-rolled-back']);
    expect(error.message).toContain('This run did not move the pointer');
    expect(pointer()).toMatchObject({ version: '1.0.0' });
  });

  it('says that the way back failed, why, what the pointer names and what to type', async () => {
    const away = (from: string, to: string) =>
      renameSync(store('digits', 'versions', '1.0.0', from), store('digits', 'versions', '1.0.0', to));
    const { exit, stdout } = await run([...promote, '--version', '1.1.0', '--watch', '60s'], (text) => {
      if (!text.includes('Watching digits 1.1.0') || readFileSync(store('broken'), 'utf8') === '1.1.0') return;
      away('manifest.json', 'gone');
      breaks('1.1.0');
    });
    writeFileSync(store('broken'), '');
    const { error, watch, promoted } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome, promoted]).toEqual([7, 'watch-failed', 'rollback-failed', true]);
    expect(error.message).toMatch(/could not be taken back to 1\.0\.0: .* It names 1\.1\.0 \(move \d+\)\./s);
    expect(pointer()).toMatchObject({ version: '1.1.0', kind: 'promotion' });
    away('gone', 'manifest.json');
    const [, ...typed] = /coldgate (rollback --model digits --to 1\.0\.0)/.exec(error.hint) ?? [];
    expect(await run(typed[0]!.split(' '))).toMatchObject({ exit: 0 });
    expect(pointer()).toMatchObject({ version: '1.0.0', kind: 'rollback' });
    expect(await served()).toMatch(/^1\.0\.0 /);
  });

  it('watches after ship as models.yaml says', async () => {
    project.release({ version: '1.3.0', bias: 0.125, gate: `${gate}, watch: 60s` });
    const { exit, stdout, stderr } = await run(['ship', '--json'], (text) => {
      if (text.includes('Watching digits 1.3.0')) breaks('1.3.0');
    });
    const { error, watch } = JSON.parse(stdout);
    expect([exit, error.code, watch.outcome]).toEqual([7, 'watch-failed', 'rolled-back']);
    expect(stderr).not.toContain('The pointer was not touched');
    expect(pointer()).toMatchObject({ version: '1.0.0', kind: 'rollback' });
  });
});
