import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import { describeWith } from '../emulators/servers.ts';
import { runCommand } from '../fakes/processes/runner.ts';
import { azuriteContainer, azuriteEnvironment } from '../fakes/stores/azurite.ts';
import { fakeGcsBucket, fakeGcsEnvironment } from '../fakes/stores/fake-gcs.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';
import { Project, shortGate } from '../fixtures/project.ts';

const gate = shortGate;

/** The whole story through the command line: a store of a cloud, functions of this machine that read it themselves. */
function tellsTheStory(open: () => Promise<StoreSettings>): void {
  const project = new Project();
  let settings: StoreSettings;
  // Not after all: what a store needs of the environment is there for each test alone.
  afterEach(async () => {
    await json('destroy');
    project.remove();
  });

  const release = (version: string, bias: number): void => {
    project.release({ version, bias, gate });
    const path = project.path('models.yaml');
    const store = `store: { url: "${settings.url}", endpoint: "${settings.endpoint}" }`;
    writeFileSync(path, readFileSync(path, 'utf8').replace('store: "file:store"', store));
  };
  const json = async (...args: string[]) => {
    const { exit, stdout, stderr } = await runCommand([...args, '--json'], project.folder, { AWS_REGION: 'us-east-1' });
    expect(exit, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const served = async (url: string): Promise<string> => {
    const health = (await (await fetch(`${url}/v1/health?warm=true`)).json()) as { model: { version: string } };
    return health.model.version;
  };

  it('ships, ships again, rolls back, and knows its history', async () => {
    settings = await open();
    release('1.0.0', 0.5);
    const first = await json('ship');
    expect(await served(first['endpoint-url'])).toBe('1.0.0');
    release('1.1.0', 0.25);
    const second = await json('ship');
    expect(second).toMatchObject({ published: true, verdict: 'pass', promoted: true, version: '1.1.0', sequence: 2 });
    expect(await served(second['endpoint-url'])).toBe('1.1.0');
    await json('rollback');
    await expect.poll(() => served(second['endpoint-url']), { timeout: 15_000 }).toBe('1.0.0');
    expect((await json('history')).records.map((r: { version: string }) => r.version)).toEqual([
      '1.0.0',
      '1.1.0',
      '1.0.0',
    ]);
  });
}

describe('with functions on this machine', () => {
  for (const name of ['moto', 'radosgw'] as const) {
    describeWith(name, `a store on S3 (${name})`, () => {
      s3Environment(name);
      tellsTheStory(async () => (await s3Bucket(name)).settings);
    });
  }
  describeWith('azurite', 'a store on Azure', () => {
    azuriteEnvironment();
    tellsTheStory(async () => (await azuriteContainer()).settings);
  });
  describeWith('fake-gcs', 'a store on Google Cloud', () => {
    fakeGcsEnvironment();
    tellsTheStory(fakeGcsBucket);
  });
});
