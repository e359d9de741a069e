import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import { deflate } from '../../src/package/deflate.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { writeTarGz } from '../../src/package/tar-gz.ts';
import { craneCommand } from '../emulators/crane.ts';
import { freePort } from '../emulators/processes.ts';
import { RegistryFront } from './registry-front.ts';

/** crane's registry with a demanding front, and crane itself, which asks it past the front. */
export class RegistryBed {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'coldgate-oci-'));
  readonly cacheDir: string = join(this.folder, 'cache');
  readonly front: RegistryFront;
  readonly #port: number;
  readonly #stop: () => void;

  private constructor(front: RegistryFront, port: number, stop: () => void) {
    this.front = front;
    this.#port = port;
    this.#stop = stop;
  }

  static async open(): Promise<RegistryBed> {
    const port = await freePort();
    const args = ['registry', 'serve', '--address', `127.0.0.1:${port}`];
    const server = spawn(craneCommand(), args, { stdio: 'ignore' });
    for (let turn = 0; turn < 600; turn++) {
      if (await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined)) break;
      await sleep(50);
    }
    return new RegistryBed(await new RegistryFront(port).start(), port, () => void server.kill('SIGKILL'));
  }

  /** What it prints. Throws what it complains of. */
  crane(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(craneCommand(), [...args, '--insecure'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`crane ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** A name behind the front, for crane, which has no login for it. */
  direct(reference: string): string {
    return reference.replace(this.front.host, `127.0.0.1:${this.#port}`);
  }

  /** A package with one file below `root`; another text gives another one. */
  async layer(text: string, root = 'workspace'): Promise<PackageFile> {
    const bytes = Buffer.from(text);
    const joinable = await deflate('f.js', bytes, { cacheDir: this.cacheDir, log: silentLogger });
    const { bytes: packed, tarSha256 } = await writeTarGz([{ name: 'f.js', bytes, joinable }], root);
    const path = join(this.folder, sha256(packed));
    writeFileSync(path, packed);
    return { path, sha256: sha256(packed), size: packed.byteLength, tarSha256 };
  }

  /** An image to build on, made by crane; its name by digest, past the front. */
  base(name: string, types: 'oci' | 'docker' = 'oci'): string {
    const text = join(this.folder, 'etc');
    mkdirSync(text, { recursive: true });
    writeFileSync(join(text, 'base.txt'), name);
    const archive = join(this.folder, 'base.tar.gz');
    spawnSync('tar', ['-czf', archive, '-C', this.folder, 'etc']);
    const to = `127.0.0.1:${this.#port}/${name}`;
    this.crane('append', ...(types === 'oci' ? ['--oci-empty-base'] : []), '-f', archive, '-t', to);
    const how = ['--env', 'LANG=C', '--entrypoint', '/base', '--user', 'root', '--set-platform', 'linux/amd64'];
    this.crane('mutate', to, ...how, '-t', to);
    return `${to}@${this.crane('digest', to).trim()}`;
  }

  async close(): Promise<void> {
    await this.front.close();
    this.#stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
