import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNot } from '../emulators/part.ts';
import { required } from '../emulators/required.ts';
import { describePart } from '../emulators/servers.ts';
import { strace, straceCommand } from '../emulators/strace.ts';
import { tinyModel, tinySample, writeDenseModel } from '../fixtures/onnx.ts';
import { addNativeFiles, FunctionProcess } from './function-process.ts';
import { ModelStore } from './model/model-store.ts';

const script = pathToFileURL(join(import.meta.dirname, '../../scripts/build-handler.mjs')).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };
const bundle = mkdtempSync(join(tmpdir(), 'coldgate-telemetry-'));
const store = new ModelStore();
beforeAll(async () => {
  await buildHandler({ outdir: bundle });
  addNativeFiles(bundle);
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
});
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true });
  store.remove();
});

const linux = process.platform === 'linux';

describe.runIf(linux || required)('a process that loaded a model', () => {
  it('has no socket but those that it listens on, and leaves no file but its model', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'coldgate-temporary-'));
    const one = new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', TMPDIR: temporary });
    const { pid, port } = await one.listening();
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ sample: 'ok' });
    const inodes = new Set(socketsOf(pid));
    const own = tcpOf(pid).filter(({ inode }) => inodes.has(inode));
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((socket) => socket.localPort !== port)).toEqual([]);
    expect(existsSync(one.home)).toBe(false);
    expect(readdirSync(temporary)).toEqual([]);
    await one.stop();
    rmSync(temporary, { recursive: true });
  });
});

describePart('strace', whyNot(strace), 'what a process asks of the kernel', () => {
  const home = mkdtempSync(join(tmpdir(), 'coldgate-traced-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const model = join(home, 'dense.onnx');
  const bare = { HOME: join(home, 'home'), PATH: process.env['PATH'] ?? '' };
  const serving = {
    ...bare,
    MODEL_STORE: 'file',
    MODEL_PREFIX: store.root,
    MODEL_NAME: 'tiny',
    MODEL_CACHE: join(home, 'cache'),
  };
  const script = (name: string, code: string, ...args: string[]): string[] => {
    writeFileSync(join(home, name), code);
    return [join(home, name), ...args];
  };
  const warm = (path: string): string[] =>
    script(
      'warm.mjs',
      'const {handler} = await import(process.argv[2]); await handler({warm: true}, {});' +
        'await new Promise((r) => setTimeout(r, 1100)); process.stdout.write(JSON.stringify(await handler({warm: true}, {})))',
      path,
    );
  /** The runtime as it comes, with a model of ours, and a moment to do what it does on the side. */
  const plain = script(
    'plain.mjs',
    'const {createRequire} = await import("node:module"); const ort = createRequire(process.argv[2])("onnxruntime-node");' +
      'await ort.InferenceSession.create(process.argv[3]); await new Promise((r) => setTimeout(r, 500)); console.log("done")',
    pathToFileURL(import.meta.filename).href,
    model,
  );
  const optimize = (job: object): string[] => [join(bundle, 'optimize.mjs'), JSON.stringify({ model, ...job })];
  beforeAll(() => void writeDenseModel(model, { layers: 2, width: 64 }));

  it('is no connection and no file but its own: the function, loading two versions, one of them in a worker', async () => {
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
    const lambda = pathToFileURL(join(bundle, 'lambda.mjs')).href;
    const traced = trace(warm(lambda), serving);
    // In the second that passes between the two calls.
    setTimeout(() => store.promote(store.publish('tiny', '1.1.0', { model: tinyModel(1) })), 600);
    const { lines, stdout } = await traced;
    expect(stdout).toContain('"version":"1.1.0"');
    expect(lines.some((line) => line.includes('libonnxruntime'))).toBe(true);
    expect(foreign(lines, [serving.MODEL_CACHE])).toEqual([]);
  });

  it.each([{ do: 'optimize', kind: 'cold' }, { do: 'optimize', kind: 'steady' }, { do: 'check' }])(
    'is no connection and no file but its own: the child that does %j',
    async (job) => {
      const out = join(home, `out-${Object.values(job).join('-')}`);
      const { lines, stdout } = await trace(optimize({ ...job, out }), bare);
      expect(stdout).toContain('"result"');
      expect(lines.some((line) => line.includes('libonnxruntime'))).toBe(true);
      expect(foreign(lines, [out])).toEqual([]);
    },
  );

  it('is more than that where nobody switches it off, or this would prove nothing', async () => {
    const { lines, stdout } = await trace(plain, bare);
    expect(stdout).toContain('done');
    expect(foreign(lines, []).some((line) => line.includes('onnxruntime.db'))).toBe(true);
    expect((await trace(plain, { ...bare, ORT_DISABLE_TELEMETRY: '1' })).lines).toSatisfy(
      (found: string[]) => foreign(found, []).length === 0,
    );
  });
});

/** Runs Node under a trace of what leaves a process: connections, messages, files opened. */
async function trace(args: string[], env: Record<string, string>): Promise<{ lines: string[]; stdout: string }> {
  const file = join(mkdtempSync(join(tmpdir(), 'coldgate-trace-')), 'trace');
  const calls = 'trace=connect,sendto,sendmsg,sendmmsg,openat,open,creat,mkdir,mkdirat';
  const [program, ...prefix] = straceCommand();
  const child = spawn(program, [...prefix, '-f', '-qq', '-o', file, '-e', calls, process.execPath, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stdout = await text(child.stdout);
  const lines = readFileSync(file, 'utf8').split('\n');
  rmSync(dirname(file), { recursive: true });
  return { lines, stdout };
}

/** Connections to anywhere, and what was written outside of the given folders. */
function foreign(lines: readonly string[], own: readonly string[]): string[] {
  const left = lines.filter((line) => /AF_INET|\bconnect\(/.test(line));
  const written = lines.filter((line) => /O_(?:WRONLY|RDWR|CREAT)|\b(?:mkdir|mkdirat|creat)\(/.test(line));
  const known = [...own, '"/dev/', '"/proc/'];
  return [...left, ...written.filter((line) => !known.some((place) => line.includes(place)))];
}

function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** Internet sockets of the process's network, of which its own are told by inode. */
function tcpOf(pid: number): { inode: string; localPort: number }[] {
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) => {
    const [, ...rows] = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n');
    return rows.map((row) => {
      const fields = row.trim().split(/\s+/);
      return { inode: fields[9]!, localPort: Number.parseInt(fields[1]!.split(':')[1]!, 16) };
    });
  });
}
