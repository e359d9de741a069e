import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { googleCloudRunTarget as settingsSchema } from '../../src/config/schema/google-cloud-run.ts';
import { type Logger, silentLogger } from '../../src/log.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest, Target } from '../../src/rollout/target.ts';
import { openTarget } from '../../src/targets/open.ts';
import { type StoredVersion, TargetStore } from '../fakes/targets/store.ts';
import { tarOf } from './client.ts';
import { type Google, type GoogleOptions, openGoogle } from './google.ts';
import type { Service } from './run/record.ts';

export const serviceName = 'digits-production';

const sampleFor = (factor: number) => ({ inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } });

/** Text of the fake handler; another note gives another build. */
export const fakeHandler = (note: string): string =>
  `${readFileSync(join(import.meta.dirname, '..', 'fakes', 'targets', 'handler.cjs'), 'utf8')}\n// ${note}\n`;

/** The driver on the stand-in for Google, with functions that keep the handler's contract and need no runtime. */
export class CloudRunBench {
  readonly google: Google;
  readonly store: TargetStore;
  readonly folder: string;
  readonly versions: StoredVersion[];

  private constructor(google: Google, folder: string) {
    this.google = google;
    this.folder = folder;
    this.store = new TargetStore(join(folder, 'store'), 'digits');
    this.versions = ['1.0.0', '1.1.0'].map((version, at) => {
      const bytes = Buffer.from(JSON.stringify({ factor: at + 2 }));
      return this.store.add(version, bytes, sampleFor(at + 2) as unknown as StoredVersion['sample'], ['batch', 2]);
    });
    this.store.point('1.0.0');
  }

  static async open(options: GoogleOptions = {}): Promise<CloudRunBench> {
    const google = await openGoogle(options);
    Object.assign(process.env, google.environment);
    return new CloudRunBench(google, realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-run-'))));
  }

  /** @param more as models.yaml has them */
  targetSettings(more: Record<string, unknown> = {}): Parameters<typeof openTarget>[0] {
    const { id: project } = this.google.project;
    const settings = {
      ...{ provider: 'google-cloud-run', project, region: 'europe-west1', 'upload-bucket': 'models' },
      ...{ 'service-account': `digits@${project}.iam.gserviceaccount.com`, ...more },
    };
    return camelKeys(settingsSchema.parse(settings));
  }

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
      env: this.google.environment,
      ...deps,
    });
  }

  /** A package of the fake handler; another note gives another one. `entry` is the file that Cloud Run starts. */
  async package(note = '', entry = 'cloud-run.cjs'): Promise<PackageFile> {
    const tar = await tarOf({ [entry]: fakeHandler(note) });
    const digest = sha256(tar);
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${digest}.tar.gz`);
    writeFileSync(path, tar);
    return { path, sha256: digest, size: tar.byteLength };
  }

  get settings(): DeployRequest['settings'] {
    return {
      name: serviceName,
      model: 'digits',
      storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: this.store.root },
      handlerVariables: { MODEL_REFRESH_SECONDS: '1' },
    };
  }

  async request(role: 'candidate' | 'live', at: 0 | 1, from?: PackageFile): Promise<DeployRequest> {
    return { settings: this.settings, package: from ?? (await this.package()), role, ...this.versions[at]! };
  }

  get service(): Service | undefined {
    return [...this.google.run.services.values()].find(({ id }) => id === serviceName);
  }

  /** What a release must not leave: tags, shares of anything but one live revision, revisions beyond those that are kept. */
  leftovers(): string[] {
    const { spec, revisions, latestCreated } = this.service!;
    const [only, ...more] = spec.traffic ?? [];
    const isFine = only?.percent === 100 && only.tag === undefined && /-l-/.test(only.revision ?? '');
    // What was made last cannot be removed.
    const others = [...revisions.keys()].filter((one) => one !== latestCreated && !/-l-/.test(one));
    const live = [...revisions.keys()].filter((one) => /-l-/.test(one));
    return [
      ...(isFine ? [] : [`traffic ${JSON.stringify(only)}`]),
      ...more.map((entry) => `traffic ${JSON.stringify(entry)}`),
      ...others,
      ...(live.length <= 3 ? [] : [`live ${live}`]),
    ];
  }

  async close(): Promise<void> {
    await this.google.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
