import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { googleCloudRunTarget as settingsSchema } from '../../src/config/schema/google-cloud-run.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest } from '../../src/rollout/target.ts';
import { CloudTargetBench } from '../fakes/targets/cloud.ts';
import { tarOf } from './client.ts';
import { type Google, type GoogleOptions, openGoogle } from './google.ts';
import type { Service } from './run/record.ts';

export const serviceName = 'digits-production';

/** Text of the fake handler; another note gives another build. */
export const fakeHandler = (note: string): string =>
  `${readFileSync(join(import.meta.dirname, '..', 'fakes', 'targets', 'handler.cjs'), 'utf8')}\n// ${note}\n`;

/** The driver on the stand-in for Google, with functions that keep the handler's contract and need no runtime. */
export class CloudRunBench extends CloudTargetBench {
  readonly google: Google;

  private constructor(google: Google) {
    super(google, serviceName);
    this.google = google;
  }

  static async open(options: GoogleOptions = {}): Promise<CloudRunBench> {
    return new CloudRunBench(await openGoogle(options));
  }

  targetSettings(more: Record<string, unknown> = {}) {
    const { id: project } = this.google.project;
    const settings = {
      ...{ provider: 'google-cloud-run', project, region: 'europe-west1', 'upload-bucket': 'models' },
      ...{ 'service-account': `digits@${project}.iam.gserviceaccount.com`, ...more },
    };
    return camelKeys(settingsSchema.parse(settings));
  }

  /** A package of the fake handler; another note gives another one. `entry` is the file that Cloud Run starts. */
  async package(note = '', entry = 'cloud-run.cjs'): Promise<PackageFile> {
    return this.packageOf(await tarOf({ [entry]: fakeHandler(note) }), 'tar.gz');
  }

  async request(role: 'candidate' | 'live', at: 0 | 1, from?: PackageFile): Promise<DeployRequest> {
    return this.requestOf(role, at, from ?? (await this.package()));
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
}
