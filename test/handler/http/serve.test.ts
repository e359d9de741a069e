import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pointerKey } from '../../../src/model/layout.ts';
import { testCache } from '../../fakes/processes/runner.ts';
import { countingModel, countingTensors } from '../../fixtures/counting-model.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { Project } from '../../fixtures/project.ts';
import { ModelStore } from '../model/model-store.ts';

const root = join(import.meta.dirname, '../../..');
const script = pathToFileURL(join(root, 'scripts/build-handler.mjs')).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };
/** As a clone has them, of these sources. */
const home = mkdtempSync(join(tmpdir(), 'coldgate-home-'));
const dist = join(home, 'dist');
const store = new ModelStore();
const project = new Project();
const running: Served[] = [];

beforeAll(async () => {
  mkdirSync(join(dist, 'handler'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  await buildHandler({ outdir: join(dist, 'handler') });
  symlinkSync(store.root, project.path('store'));
  store.publish('digits', '2.0.0', { model: tinyModel(1) });
});
beforeEach(() => store.promote(store.publish('digits', '1.0.0', { model: tinyModel(), sample: tinySample })));
afterEach(async () => {
  for (const one of running.splice(0)) await one.end('SIGKILL');
});
afterAll(() => {
  rmSync(home, { recursive: true });
  store.remove();
  project.remove();
});

/** `coldgate serve` of these sources, in a group of its own as a terminal gives it. */
class Served {
  out = '';
  words = '';
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;

  constructor(args: string[], env: Record<string, string> = {}) {
    const cli = pathToFileURL(join(root, 'src/cli.ts')).href;
    const call = `const {runCli} = await import(${JSON.stringify(cli)}); process.exitCode = await runCli(process.argv.slice(2), process.argv[1]);`;
    this.child = spawn(process.execPath, ['--input-type=module', '-e', call, dist, 'serve', ...args], {
      cwd: project.folder,
      detached: true,
      env: { ...process.env, COLDGATE_CACHE: testCache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk) => {
      this.out += chunk;
    });
    this.child.stderr!.on('data', (chunk) => {
      this.words += chunk;
    });
    this.exited = new Promise((resolve) => this.child.on('close', resolve));
    running.push(this);
  }

  async says(words: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = words.exec(this.words);
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(`ended: ${this.words}${this.out}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends a signal to all of the group, as a terminal does, or to the command alone. */
  async end(signal: NodeJS.Signals, alone = false): Promise<number | null> {
    try {
      process.kill(alone ? this.child.pid! : -this.child.pid!, signal);
    } catch {
      // It has ended before.
    }
    return this.exited;
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}v1/health`).then(
    () => true,
    () => false,
  );
const pageOf = async (one: Served): Promise<string> => (await one.says(/In a browser: (http:\S+)/))[1]!;
const infer = async (url: string): Promise<unknown> => {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}v1/infer`, { method: 'POST', headers, body: '{"inputs":[[1,2]]}' })).json();
};

describe('coldgate serve', () => {
  it('serves what is live, says where, shows the page, and ends with Ctrl-C', async () => {
    const user = mkdtempSync(join(tmpdir(), 'coldgate-user-'));
    const one = new Served(['--port', '0'], { HOME: user, TMPDIR: user, CI: '' });
    const url = await pageOf(one);
    expect(one.words).toMatch(/Serving digits 1\.0\.0 from file:\S+; golden sample: ok, loaded in \d+ ms\./);
    expect(one.words).toContain('Ctrl-C stops it.');
    expect(await infer(url)).toMatchObject({ outputs: { y: [[5.5, 1]] }, model: { version: '1.0.0' } });
    const page = await fetch(url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const link of one.words.matchAll(/http:\/\/\S+/g)) expect((await fetch(link[0])).status).toBe(200);
    expect(await one.end('SIGINT')).toBe(0);
    expect(await answers(url)).toBe(false);
    // The runtime's telemetry would have left files in both; the handler's cache is ours.
    expect(readdirSync(user).filter((name) => !name.startsWith('coldgate'))).toEqual([]);
    rmSync(user, { recursive: true });
    // Its standard output is the handler's log and nothing else.
    const lines = one.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(lines.map(({ event }) => event)).toContain('request');
  });

  it('pins a version that is only published', async () => {
    const url = await pageOf(new Served(['--port', '0', '--version', '2.0.0']));
    expect(await infer(url)).toMatchObject({ outputs: { y: [[6, 1]] }, model: { version: '2.0.0' } });
  });

  it('says what to do where nothing is live, and serves it once it is', async () => {
    rmSync(join(store.root, pointerKey('digits', 'current.json')));
    const one = new Served(['--port', '0']);
    const url = await pageOf(one);
    expect(one.words).toMatch(/digits cannot be served from file:\S+: There is no such model version in the store/);
    expect(one.words).toContain('`coldgate ship` makes a version live');
    store.promote(store.publish('digits', '1.0.0', { model: tinyModel() }));
    for (;;) {
      const answer = (await infer(url)) as { model?: { version: string }; error?: { code: string } };
      if (answer.model) break;
      expect(answer.error?.code).toBe('model-not-found');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });

  it('ends when only the command is told to, and when it is killed', async () => {
    const [reported, killed] = [new Served(['--port', '0']), new Served(['--port', '0'])];
    const urls = [await pageOf(reported), await pageOf(killed)];
    expect(await reported.end('SIGTERM', true)).toBe(0);
    await killed.end('SIGKILL', true);
    for (const url of urls) while (await answers(url)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('starts its handler again when that ends, on the same port', async () => {
    const one = new Served(['--port', '0']);
    const url = await pageOf(one);
    const pidOf = async (): Promise<number> => ((await (await fetch(`${url}v1/health`)).json()) as { pid: number }).pid;
    const first = await pidOf();
    process.kill(first, 'SIGKILL');
    await one.says(/The handler ended \(SIGKILL\); starting it again/);
    while (!(await answers(url))) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await pidOf()).not.toBe(first);
    expect(await infer(url)).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    expect(await one.end('SIGINT')).toBe(0);
  });

  it('takes a handler along in which a run has no end, told to end or killed', async () => {
    store.promote(store.publish('digits', '3.0.0', { model: countingModel(), ...countingTensors, unbounded: true }));
    const ways = [
      ['SIGTERM', new Served(['--port', '0'])],
      ['SIGKILL', new Served(['--port', '0'])],
    ] as const;
    for (const [signal, one] of ways) {
      const url = await pageOf(one);
      const headers = { 'content-type': 'application/json' };
      const body = '{"inputs":{"n":1000000000000,"x":[1]}}';
      const stuck = fetch(`${url}v1/infer`, { method: 'POST', headers, body }).catch(() => 'broken off');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await one.end(signal, true);
      expect(await stuck).toBe('broken off');
      while (await answers(url)) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('says when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const one = new Served(['--port', String(port)]);
    expect(await one.exited).toBe(7);
    expect(one.words).toContain('another port may be free');
    expect(one.out).toContain(`address already in use 127.0.0.1:${port}`);
    other.close();
  });

  it('names the models that there are', async () => {
    const one = new Served(['--port', '0', '--model', 'nothing']);
    expect(await one.exited).toBe(2);
    expect(one.words).toContain('digits');
  });
});
