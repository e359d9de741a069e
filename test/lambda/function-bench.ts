import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { awsLambdaTarget as settingsSchema } from '../../src/config/schema/aws-lambda.ts';
import { type Logger, silentLogger } from '../../src/log.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import type { DeployRequest, Target } from '../../src/rollout/target.ts';
import { openTarget } from '../../src/targets/open.ts';
import { zipOf } from './bench.ts';
import type { StartEnvironment } from './environment.ts';
import { quickFunctions, type StoreGroup } from './quick-function.ts';
import { LambdaStandIn } from './stand-in.ts';

const hex = (of: Uint8Array | string): string => createHash('sha256').update(of).digest('hex');
export const functionName = 'digits-production';

/** The driver with the real SDK on the stand-in, with functions that answer at once. */
export class FunctionBench {
  readonly lambda: LambdaStandIn;
  readonly group: StoreGroup;
  readonly folder: string;

  private constructor(lambda: LambdaStandIn, group: StoreGroup, folder: string) {
    this.lambda = lambda;
    this.group = group;
    this.folder = folder;
  }

  /** @param functions how versions answer */
  static async open(functions: (group: StoreGroup) => StartEnvironment = quickFunctions): Promise<FunctionBench> {
    const models = new Map(['1.0.0', '1.1.0', '2.0.0'].map((version) => [version, hex(version)]));
    const group: StoreGroup = { models, pointer: '1.0.0', broken: new Set() };
    const lambda = await LambdaStandIn.open({ start: functions(group) });
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    Object.assign(process.env, { AWS_ENDPOINT_URL: lambda.url, ...access });
    return new FunctionBench(lambda, group, realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-function-'))));
  }

  /** @param more settings of the target, as models.yaml has them */
  async target(
    more: Record<string, unknown> = {},
    signal = new AbortController().signal,
    log: Logger = silentLogger,
  ): Promise<Target> {
    const role = 'arn:aws:iam::123456789012:role/coldgate';
    const settings = settingsSchema.parse({ provider: 'aws-lambda', region: 'eu-west-1', role, auth: 'none', ...more });
    const stateDir = join(this.folder, 'state');
    return openTarget(camelKeys(settings), {
      log,
      stateDir,
      now: () => new Date(),
      signal,
      env: process.env,
    });
  }

  /** A package; another text gives another one. */
  package(text = 'export {}'): PackageFile {
    const zip = zipOf(text);
    const path = join(this.folder, `${hex(zip)}.zip`);
    writeFileSync(path, zip);
    return { path, sha256: hex(zip), size: zip.byteLength };
  }

  /** A package whose runtime is in a layer; another text gives another one. */
  layered(text = 'export {}', runtime = 'the runtime'): PackageFile {
    const name = 'nodejs/node_modules/coldgate-onnxruntime/a.node';
    const zip = zipOf(runtime, name);
    const path = join(this.folder, `${hex(zip)}.zip`);
    writeFileSync(path, zip);
    const layer = { path, sha256: hex(zip), size: zip.byteLength };
    return { ...this.package(`${text}\n// on ${layer.sha256}`), layer };
  }

  request(role: 'candidate' | 'live', version: string, from = this.package()): DeployRequest {
    const storeVariables = { MODEL_STORE: 's3', MODEL_BUCKET: 'models' };
    return {
      settings: { name: functionName, model: 'digits', storeVariables, handlerVariables: { COLDGATE_CORS: '' } },
      ...{ package: from, role, version, sha256: this.group.models.get(version) ?? '' },
      sample: { inputs: { x: [[1]] }, outputs: { y: [[1]] } } as DeployRequest['sample'],
    };
  }

  async close(): Promise<void> {
    await this.lambda.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
