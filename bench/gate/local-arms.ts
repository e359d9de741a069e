import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/log.ts';
import { buildPackage } from '../../src/package/build.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { hostPlatform } from '../../src/package/platform.ts';
import type { SampleRequest, Target } from '../../src/rollout/target.ts';
import { openTarget } from '../../src/targets/open.ts';
import { dist, runCommand, testCache } from '../../test/fakes/processes/runner.ts';
import { denseSizes, writeDenseModel } from '../../test/fixtures/onnx.ts';
import { Project } from '../../test/fixtures/project.ts';

/** Reads of a version's model file wait this long first: the handler itself is untouched and measures it as fetch. */
const slowReads = (ms: number) => `const fs = require('node:fs');
const open = fs.open;
fs.open = (path, ...rest) => {
  const slow = /[\\\\/]versions[\\\\/].*\\.(?:onnx|ort)$/.test(String(path));
  setTimeout(() => open(path, ...rest), slow ? ${ms} : 0);
};
`;

const manyNodes = { ...denseSizes.small, extraNodes: 4000 };

async function packageOf(handlerDir: string): Promise<PackageFile> {
  const built = await buildPackage({ platform: hostPlatform(), handlerDir, cacheDir: testCache, log: silentLogger });
  return { path: built.path, sha256: built.sha256, size: built.size };
}

/**
 * A published model on the local target, with and without its load-optimised form: 1.0.0 and 1.1.0 are the same 11 MB
 * with it, 1.2.0 without. 2.0.0 is small with many nodes: it takes long enough to load for a quarter of that to be well
 * above min-effect-ms, and hardly waits for the disk.
 */
export class LocalArms {
  readonly target: Target;
  readonly project: Project;
  readonly #plain: PackageFile;
  readonly #folder: string;
  readonly #sha256: Record<string, string>;

  constructor(target: Target, project: Project, plain: PackageFile, folder: string, sha256: Record<string, string>) {
    this.target = target;
    this.project = project;
    this.#plain = plain;
    this.#folder = folder;
    this.#sha256 = sha256;
  }

  static async open(): Promise<LocalArms> {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-arms-'));
    const project = new Project(join(folder, 'project'));
    const sha256: Record<string, string> = {};
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '2.0.0']) {
      project.release({ version, optimize: version < '1.2.0' ? 'cold' : 'off' });
      const size = version === '2.0.0' ? manyNodes : denseSizes.medium;
      writeDenseModel(project.path('models', 'digits.onnx'), size);
      const row = Array.from({ length: size.width }, (_, i) => (i % 7) / 7);
      writeFileSync(project.path('models', 'sample.json'), JSON.stringify({ inputs: { x: [row] } }));
      const { exit, stdout, stderr } = await runCommand(['publish', '--json'], project.folder);
      if (exit !== 0) throw new Error(stderr);
      sha256[version] = JSON.parse(stdout).sha256;
    }
    const deps = { log: silentLogger, stateDir: join(folder, 'state'), now: () => new Date() };
    const target = await openTarget({ provider: 'local' }, { ...deps, signal: new AbortController().signal });
    return new LocalArms(target, project, await packageOf(join(dist, 'handler')), folder, sha256);
  }

  /** The package with a delay in front of every read of a model file, ms. */
  async slowed(ms: number): Promise<PackageFile> {
    const dir = join(this.#folder, `handler-${ms}`);
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    cpSync(join(dist, 'handler'), dir, { recursive: true });
    renameSync(join(dir, 'node.cjs'), join(dir, 'inner.cjs'));
    writeFileSync(join(dir, 'slow.cjs'), slowReads(ms));
    writeFileSync(join(dir, 'node.cjs'), `require("./slow.cjs");\nrequire("./inner.cjs");\n`);
    return packageOf(dir);
  }

  arm(version: string, packageFile: PackageFile = this.#plain): SampleRequest {
    const storeVariables = {
      MODEL_STORE: 'file',
      MODEL_PREFIX: this.project.path('store'),
      MODEL_POINTER: 'current.json',
    };
    const settings = { name: 'digits-proof', model: 'digits', storeVariables, handlerVariables: {} };
    const sha256 = this.#sha256[version] ?? '';
    return { settings, package: packageFile, version, sha256, sample: undefined, timeoutMs: 30_000 };
  }

  async close(): Promise<void> {
    await this.target.remove({ name: 'digits-proof' }, 'all');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
