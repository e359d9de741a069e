import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { strace, straceCommand } from '../emulators/strace.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { tinyWeights } from '../fixtures/external.ts';
import { hostileModels } from '../fixtures/hostile-external.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-hostile-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [project, outside] = [join(root, 'project'), join(root, 'outside')];
const secret = join(outside, 'secret.bin');

/** Every hostile model in one models.yaml. */
function lay(): void {
  mkdirSync(outside);
  writeFileSync(secret, tinyWeights());
  const lines = hostileModels.map((model, at) => {
    const folder = join(project, 'models', String(at));
    mkdirSync(folder, { recursive: true });
    model.lay(folder, secret);
    return `  m${at}: { version: 1.0.0, files: { model.onnx: models/${at}/model.onnx } }`;
  });
  const environments = 'environments:\n  local: { store: "file:store", target: { provider: local } }';
  writeFileSync(join(project, 'models.yaml'), `schema: 1\n${environments}\nmodels:\n${lines.join('\n')}\n`);
}

/** The paths that the command line opens while it validates the project, absolute. */
function opened(): string[] {
  const trace = join(root, 'trace');
  const cli = join(import.meta.dirname, '../fakes/processes/source-cli.ts');
  const command = [process.execPath, '--no-warnings', cli, 'validate', '--local'];
  const [program, ...prefix] = straceCommand();
  try {
    execFileSync(program, [...prefix, '-f', '-y', '-qq', '-e', 'trace=open,openat,openat2', '-o', trace, ...command], {
      cwd: project,
      stdio: 'ignore',
    });
  } catch (error) {
    expect((error as { status: number }).status).toBe(3);
  }
  const calls = readFileSync(trace, 'utf8').split('\n');
  return calls.flatMap((line) => /open(?:at2?)?\((?:AT_FDCWD<([^>]*)>, )?"([^"]*)"/.exec(line)?.slice(1, 3) ?? []);
}

beforeAll(lay);

it('refuses every hostile model with exit 3 and the name of its tensor, all of them at once', async () => {
  const { exit, message } = await runInProcess(project, ['validate', '--local']);
  expect(exit).toBe(3);
  for (const [at, model] of hostileModels.entries()) {
    const line = message.split('\n').find((one) => one.includes(`models/${at}/model.onnx`));
    expect(line, model.name).toMatch(/the tensor "[wb]"/);
    expect(line).toContain(model.says);
  }
});

describePart('strace', whyNot(strace), 'a run over hostile models', () => {
  it('opens no file outside of their folders and no link, pipe or device in them', () => {
    const paths = opened();
    expect(paths.some((path) => path.endsWith('models/0/model.onnx'))).toBe(true);
    expect(paths.filter((path) => path.includes('secret.bin') || path.startsWith(outside))).toEqual([]);
    const forbidden = ['/etc/shadow', '/dev/zero', '/dev/stdin', '/proc/self/environ'];
    expect(paths.filter((path) => forbidden.includes(path))).toEqual([]);
    for (const [at, { name }] of hostileModels.entries()) {
      if (!/^a (?:link|hard link|pipe|folder)/.test(name)) continue;
      const data = join('models', String(at), 'w.bin');
      expect([name, paths.filter((path) => path.endsWith(data))]).toEqual([name, []]);
    }
  });
});
