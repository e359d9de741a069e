import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel, tinySample } from '../fixtures/onnx.ts';
import { addNativeFiles, FunctionProcess } from './function-process.ts';
import { ModelStore } from './model-store.ts';

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
const strace = linux && spawnSync('strace', ['-V']).status === 0;
if (!strace) console.warn('The system-call trace did not run: there is no strace.');

describe.runIf(linux)('a process that loaded a model', () => {
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

  it.runIf(strace)('asked the kernel for no connection and no file of telemetry', () => {
    const trace = join(bundle, 'trace');
    const cache = mkdtempSync(join(tmpdir(), 'coldgate-cache-'));
    const call =
      'const {handler} = await import(process.argv[1]); console.log(JSON.stringify(await handler({warm: true}, {})))';
    const calls = 'trace=connect,sendto,sendmsg,sendmmsg,openat,open,creat';
    const node = [process.execPath, '--input-type=module', '-e', call, pathToFileURL(join(bundle, 'lambda.mjs')).href];
    const { stdout } = spawnSync('strace', ['-f', '-qq', '-o', trace, '-e', calls, ...node], {
      encoding: 'utf8',
      env: {
        HOME: join(bundle, 'home'),
        MODEL_STORE: 'file',
        MODEL_PREFIX: store.root,
        MODEL_NAME: 'tiny',
        MODEL_CACHE: cache,
      },
    });
    rmSync(cache, { recursive: true });
    expect(stdout).toContain('"sample":"ok"');
    const lines = readFileSync(trace, 'utf8').split('\n');
    expect(lines.some((line) => line.includes('libonnxruntime'))).toBe(true);
    expect(lines.filter((line) => /AF_INET|\bconnect\(/.test(line))).toEqual([]);
    const written = lines.filter((line) => /O_(?:WRONLY|RDWR|CREAT)/.test(line) && !line.includes(cache));
    expect(written.filter((line) => !/"\/dev\/|"\/proc\//.test(line))).toEqual([]);
  });
});

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
