import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.ts';
import { buildPackage } from '../../src/package/build.ts';
import { handlerContract } from '../contracts/handler.ts';
import type { Fields } from '../fakes/clouds/fields.ts';
import { callOver } from '../fakes/handler/http.ts';
import { tinyModel, tinySample } from '../fixtures/onnx.ts';
import { openAdapterBed } from '../handler/platforms/adapter-bed.ts';
import { allTo, Client } from './client.ts';
import { openGoogle } from './google.ts';
import type { Template } from './run/record.ts';

/** The very archive that is deployed, in instances that have no CPU between requests and may write nowhere but to /tmp. */
const bed = await openAdapterBed();
const folder = mkdtempSync(join(tmpdir(), 'coldgate-google-package-'));
const google = await openGoogle();
const client = new Client(google);
const built = await buildPackage({
  platform: { os: process.platform as 'linux', arch: process.arch as 'x64' },
  ...{ handlerDir: bed.bundle, entry: 'cloud-run.cjs', cacheDir: join(folder, 'cache'), log: silentLogger },
  archive: {},
  runtime: { unpacked: [join(import.meta.dirname, '../../node_modules/onnxruntime-node')] },
});
const { generation } = google.buckets.put(
  'models',
  'package.tar.gz',
  readFileSync(built.path),
  {},
  new URLSearchParams(),
);
afterAll(async () => {
  await google.close();
  bed.remove();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
/** A service of its own, and its address. */
async function deployed(
  more: Template = {},
  variables: Record<string, string> = {},
): Promise<{ id: string; uri: string }> {
  const id = `tiny-${++count}`;
  const { MODEL_CACHE: _, ...shared } = bed.variables;
  const template = await client.template(`${id}-a`, more);
  Object.assign(template.containers?.[0] ?? {}, {
    sourceCode: { cloudStorageSource: { bucket: 'models', object: 'package.tar.gz', generation } },
    args: ['cloud-run.cjs'],
    env: Object.entries({ ...shared, ...variables }).map(([name, value]) => ({ name, value })),
    resources: { limits: { cpu: '1', memory: '2048Mi' }, cpuIdle: true, startupCpuBoost: true },
  });
  const body = { template, traffic: allTo(`${id}-a`), invokerIamDisabled: true };
  const { error } = await client.change('POST', `v2/${client.parent}/services?serviceId=${id}`, body);
  if (error) throw new Error(JSON.stringify(error));
  return { id, uri: (await client.service(id)).uri };
}
const health = async (uri: string): Promise<Fields> =>
  (await (await fetch(`${uri}/v1/health?warm=true`)).json()) as Fields;

handlerContract('the package on the stand-in for Cloud Run', async () => {
  const { id, uri } = await deployed();
  const close = async () => void (await client.change('DELETE', `v2/${client.parent}/services/${id}`));
  return { call: callOver(Number(new URL(uri).port)), close };
});

describe('the package on the stand-in for Cloud Run', () => {
  it('is cold at the first request where nothing was started before', async () => {
    const { id, uri } = await deployed({ healthCheckDisabled: true });
    expect(await health(uri)).toMatchObject({ cold_start: true, sample: 'ok', revision: `${id}-a` });
    expect(await health(uri)).toMatchObject({ cold_start: false });
  });

  it('has loaded before it listens, so that no pause is in its timings', async () => {
    const { uri } = await deployed();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const { timings, cold_start } = (await health(uri)) as {
      timings: { model_loaded_ms: number };
      cold_start: boolean;
    };
    expect(cold_start).toBe(true);
    expect(timings.model_loaded_ms).toBeLessThan(3000);
  });

  it('follows the pointer although it has no CPU between requests', async () => {
    const { uri } = await deployed({}, { MODEL_REFRESH_SECONDS: '1' });
    const version = async (): Promise<unknown> => ((await health(uri))['model'] as Fields)['version'];
    expect(await version()).toBe('1.0.0');
    const sample = { inputs: tinySample.inputs, outputs: { y: [[6, 1]] } };
    bed.store.promote(bed.store.publish('tiny', '2.0.0', { model: tinyModel(1), sample }));
    await expect.poll(version, { timeout: 20_000, interval: 300 }).toBe('2.0.0');
  });

  it('listens without its model, and says why it does not serve', async () => {
    const { uri } = await deployed({}, { MODEL_NAME: 'absent' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${uri}/v1/infer`, { method: 'POST', headers, body: '{"inputs":[[1,2]]}' });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'model-not-found' } }]);
  });
});
