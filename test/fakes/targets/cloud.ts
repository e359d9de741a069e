import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../../src/log.ts';
import { sha256 } from '../../../src/model/digest.ts';
import type { PackageFile } from '../../../src/package/package-file.ts';
import type { DeployRequest, Target } from '../../../src/rollout/target.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { type StoredVersion, TargetStore } from './store.ts';

/** The part of a cloud's stand-in that its targets need. */
interface StandIn {
  /** Variables that point the product there. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

type TargetSettings = Parameters<typeof openTarget>[0];

/** The platform of a cloud on its stand-in, with functions that keep the handler's contract and need no runtime. */
export abstract class CloudTargetBench {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-cloud-')));
  readonly store = new TargetStore(join(this.folder, 'store'), 'digits');
  /** 1.0.0, which is live, and 1.1.0. */
  readonly versions: StoredVersion[];
  readonly #standIn: StandIn;
  readonly #name: string;

  /** @param name of the function */
  protected constructor(standIn: StandIn, name: string) {
    this.#standIn = standIn;
    this.#name = name;
    Object.assign(process.env, standIn.environment);
    this.versions = [2, 3].map((factor, at) => {
      const sample = { inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } };
      return this.store.add(`1.${at}.0`, Buffer.from(JSON.stringify({ factor })), sample, ['batch', 2]);
    });
    this.store.point('1.0.0');
  }

  /** @param more as models.yaml has them */
  abstract targetSettings(more?: Record<string, unknown>): TargetSettings;

  /** @param more settings of the target, as models.yaml has them */
  target(
    more: Record<string, unknown> = {},
    deps: { log?: Logger; now?: () => Date; signal?: AbortSignal } = {},
  ): Promise<Target> {
    return openTarget(this.targetSettings(more), {
      log: silentLogger,
      stateDir: join(this.folder, 'state'),
      now: () => new Date(),
      signal: new AbortController().signal,
      env: this.#standIn.environment,
      ...deps,
    });
  }

  get settings(): DeployRequest['settings'] {
    return {
      name: this.#name,
      model: 'digits',
      storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: this.store.root },
      handlerVariables: { MODEL_REFRESH_SECONDS: '1' },
    };
  }

  /** An archive as a package. */
  protected packageOf(bytes: Uint8Array, extension: string): PackageFile {
    const digest = sha256(bytes);
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${digest}.${extension}`);
    writeFileSync(path, bytes);
    return { path, sha256: digest, size: bytes.byteLength };
  }

  protected requestOf(role: 'candidate' | 'live', at: 0 | 1, from: PackageFile): DeployRequest {
    return { settings: this.settings, package: from, role, ...this.versions[at]! };
  }

  async close(): Promise<void> {
    await this.#standIn.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
