import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInChild } from '../../../src/optimize/run-in-child.ts';
import { required } from '../../emulators/required.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { FunctionProcess } from '../function-process.ts';
import { type AdapterBed, openAdapterBed } from '../platforms/adapter-bed.ts';

interface Command {
  command: string;
  /** What the page shows for it; empty where nothing. */
  shown: string;
}

const page = readFileSync(join(import.meta.dirname, '../../../docs/handler.md'), 'utf8');

/** Commands of a section's console blocks, each with what follows it. */
function commandsIn(section: string): Command[] {
  const found: Command[] = [];
  for (const [, block] of section.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const [, command = '', shown = ''] of block!.matchAll(/^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      found.push({ command, shown: shown.trim() });
    }
  }
  return found;
}
const [, api = ''] = /^## The API by example\n([\s\S]*?)^## /m.exec(page) ?? [];
const sections = api
  .split(/^### /m)
  .map((section): [string, Command[]] => [section.split('\n', 1)[0]!, commandsIn(section)])
  .filter(([, commands]) => commands.length > 0);

/** What is shown as a pattern: `…` is anything, times and lines' breaks are of the day. */
function patternOf(shown: string): RegExp {
  const escaped = shown.replace(/\n /g, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const times = escaped.replace(/("\w+_ms":)[\d\\.]+/g, '$1[\\d.]+');
  return new RegExp(`^${times.replaceAll('…', '.*?')}$`, 's');
}

let bed: AdapterBed;
const folder = mkdtempSync(join(tmpdir(), 'coldgate-docs-'));
beforeAll(async () => {
  bed = await openAdapterBed();
  const model = join(folder, 'digits.onnx');
  writeFileSync(model, tinyModel());
  const entry = join(bed.bundle, 'optimize.mjs');
  const { artifacts } = await runInChild({ do: 'optimize', kind: 'cold', model, out: join(folder, 'out') }, { entry });
  const made = artifacts.map((one) => ({ entry: one.entry, bytes: readFileSync(one.source) }));
  const { store } = bed;
  store.promote(store.publish('digits', '1.0.0', { model: tinyModel(), sample: tinySample, artifacts: made }));
  store.promote(store.publish('faces', '3.1.0', { model: tinyModel(1) }));
  const standIn = join(import.meta.dirname, '../../fakes/handler/curl.ts');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'curl'), `#!/bin/sh\nexec "${process.execPath}" "${standIn}" "$@"\n`);
  chmodSync(join(folder, 'bin', 'curl'), 0o755);
});
afterAll(() => {
  bed.remove();
  rmSync(folder, { recursive: true });
});

const start = (): FunctionProcess =>
  new FunctionProcess(bed.bundle, {
    ...bed.variables,
    MODEL_NAME: 'digits',
    COLDGATE_MODELS: 'faces',
    COLDGATE_REVISION: '7',
    COLDGATE_QUEUE: pathToFileURL(join(folder, 'queue')).href,
  });
const run = (command: string, url: string, path: string): Promise<string> => {
  const env = { ...process.env, PATH: path, URL: url };
  return text(spawn('sh', ['-c', command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
};

const hasCurl = spawnSync('curl', ['--version']).status === 0;
describe.runIf(hasCurl || required).each(sections)('docs/handler.md, %s', (_title, commands) => {
  it('says what curl gets', async () => {
    await compare(commands, process.env['PATH'] ?? '');
  });
});

describe('docs/handler.md', () => {
  it('says what is answered where there is no curl', async () => {
    for (const [, commands] of sections) await compare(commands, `${join(folder, 'bin')}:${process.env['PATH']}`);
  });

  it('has an example of every route', async () => {
    const { routes } = await import('../../../src/handler/http/routes.ts');
    const requests = sections.flatMap(([, commands]) =>
      commands.flatMap(({ command }) => /\$URL([^\s"?]*)/.exec(command)?.[1] ?? []),
    );
    const covers = (pattern: string): boolean => {
      const form = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
      return requests.some((path) => form.test(path));
    };
    // What a shared function answers under a model's name, and a version's, is shown for some and said of all.
    const plain = routes.map(({ pattern }) => pattern).filter((pattern) => !/\{name\}\/(?!infer)/.test(pattern));
    expect(plain.filter((pattern) => !covers(pattern))).toEqual([]);
    expect(plain.length).toBeGreaterThan(10);
  });

  it('would be found out', () => {
    expect('{"a":1,"x_ms":7,"b":[2]}').toMatch(patternOf('{"a":1,"x_ms":0.5,"b":[…]}'));
    expect('{"a":2}').not.toMatch(patternOf('{"a":1}'));
    expect('{"a":1}x').not.toMatch(patternOf('{"a":1}'));
  });
});

/** In a function of its own, so that its first answer is that of a fresh one. */
async function compare(commands: readonly Command[], path: string): Promise<void> {
  const one = start();
  try {
    const { port } = await one.listening();
    for (const { command, shown } of commands) {
      const output = (await run(command, `http://127.0.0.1:${port}`, path)).replaceAll('\r', '').trim();
      const match = patternOf(shown).test(output);
      expect([command, match, match ? '' : output]).toEqual([command, true, '']);
    }
  } finally {
    await one.stop();
  }
}
