import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { awsLambdaTarget as settingsSchema } from '../../../src/config/schema/aws-lambda.ts';
import { silentLogger } from '../../../src/log.ts';
import type { Revision } from '../../../src/rollout/target.ts';
import { candidateAlias } from '../../../src/targets/aws-lambda/names.ts';
import { openTarget } from '../../../src/targets/open.ts';
import { type TargetBench, targetContract } from '../../contracts/target.ts';
import { lambdaRic, ricFolder } from '../../emulators/lambda-ric.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart } from '../../emulators/servers.ts';
import { packagesWithoutRuntime, realPackages } from '../../fakes/targets/packages.ts';
import { TargetStore } from '../../fakes/targets/store.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { LambdaStandIn } from '../../lambda/stand-in.ts';

const ric = ricFolder();
const sampleFor = (bias: number) => ({ inputs: { x: [[1, 2]] }, outputs: { y: [[5 + bias, 1]] } });
const name = 'digits-production';
const signer = new AwsClient({ accessKeyId: 'test', secretAccessKey: 'test', service: 'lambda', region: 'eu-west-1' });

/**
 * The driver with the real SDK, on the stand-in for the service, which runs the uploaded zip in the real aws-lambda-ric.
 * `whole`: with the native runtime in it; the others differ in how the function is called.
 */
async function openBench(
  auth: 'iam' | 'none',
  endpoint = 'function-url',
  { layer = false, whole = layer, more = {} }: { layer?: boolean; whole?: boolean; more?: object } = {},
): Promise<TargetBench> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coldgate-aws-')));
  const lambda = await LambdaStandIn.open({ ric });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: lambda.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const store = new TargetStore(join(folder, 'store'), 'digits');
  const add = (version: string, bias: number) => store.add(version, tinyModel(bias), sampleFor(bias), ['batch', 2]);
  const settings = settingsSchema.parse({
    provider: 'aws-lambda',
    region: 'eu-west-1',
    role: 'arn:aws:iam::123456789012:role/coldgate',
    ...{ auth, endpoint, 'runtime-layer': layer, ...more },
  });
  const target = await openTarget(camelKeys(settings), {
    log: silentLogger,
    stateDir: join(folder, 'state'),
    now: () => new Date(),
    signal: new AbortController().signal,
    env: process.env,
  });
  /** As a caller who has the key that AWS has made. */
  const byKey = (url: string) => {
    const { keys } = lambda.neighbours.rest.plans;
    const key = [...keys.values()].find(({ fields }) => fields.name === `${name}-acme`)?.fields.value;
    return url.includes('/restapis/') ? fetch(url, { headers: { 'x-api-key': key ?? '' } }) : signer.fetch(url);
  };
  return {
    target,
    ...(endpoint.endsWith('-api') && { parts: 1 }),
    settings: {
      name,
      model: 'digits',
      storeVariables: { MODEL_STORE: 'file', MODEL_PREFIX: store.root },
      handlerVariables: { MODEL_REFRESH_SECONDS: '1', COLDGATE_MODELS: 'digits' },
    },
    packages: whole
      ? await realPackages(folder, 'lambda.mjs', layer)
      : await packagesWithoutRuntime(folder, 'lambda.mjs'),
    versions: [add('1.0.0', 0.5), add('1.1.0', 1.5)],
    point: (version) => store.point(version),
    crash: async (revision) => moveByHand(lambda, revision),
    running: async () => lambda.account.functions.get(name)?.aliases.size ?? 0,
    ...(endpoint === 'rest-api' && { get: byKey }),
    ...(auth === 'iam' && { get: (url: string) => signer.fetch(url) }),
    close: async () => {
      await target.remove({ name }, 'all');
      const left = [...lambda.account.inventory(), ...lambda.neighbours.apis.inventory()];
      left.push(...lambda.neighbours.rest.inventory());
      await lambda.close();
      rmSync(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`removing the function has left ${left.join(', ')}`);
    },
  };
}

/** What a person at the console can do: publish a version, and point an alias of ours to it. */
function moveByHand(lambda: LambdaStandIn, { role, version }: Revision): void {
  const found = lambda.account.find(name);
  const number = String(++found.counter);
  const configuration = { ...found.latest.configuration, Version: number, Description: 'made by hand' };
  found.versions.set(number, { ...found.latest, configuration, pending: 0, inProgress: 0 });
  const alias = role === 'live' ? 'live' : candidateAlias(version ?? '');
  lambda.account.alias(name, alias).configuration.FunctionVersion = number;
}

describePart('aws-lambda-ric', whyNot(lambdaRic), 'the aws-lambda target on the stand-in', () => {
  targetContract('aws-lambda, public URLs', () => openBench('none', 'function-url', { whole: true }));
  targetContract('aws-lambda, signed URLs', () => openBench('iam'));
  targetContract('aws-lambda, an HTTP API', () => openBench('none', 'http-api'));
  targetContract('aws-lambda, the runtime as a layer', () => openBench('none', 'function-url', { layer: true }));
  const plans = [{ name: 'partners', rate: 50, burst: 100, keys: [{ name: 'acme' }] }];
  targetContract('aws-lambda, a REST API with a key', () =>
    openBench('none', 'rest-api', { more: { 'rest-api': { plans } } }),
  );
});
