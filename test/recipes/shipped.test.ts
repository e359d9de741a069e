import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAzure } from '../azure/azure.ts';
import { lambdaRic, ricFolder } from '../emulators/lambda-ric.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../emulators/servers.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { azuriteContainer } from '../fakes/stores/azurite.ts';
import { openGoogle } from '../google/google.ts';
import { LambdaStandIn } from '../lambda/stand-in.ts';
import { recipes, root } from './page.ts';

/*
 * The second of docs/recipes.md, on each cloud, for real: its versions in a server of its kind of store, its function as
 * processes of the stand-in from the package that was sent there. Its rollback comes after a second version.
 */
const folder = mkdtempSync(join(tmpdir(), 'coldgate-shipped-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What stands for an account, and how the recipe reaches it. */
interface Place {
  env: Record<string, string>;
  here(yaml: string): string;
  close(): Promise<void>;
}

/** As few starts as a verdict takes, and no verdict by how busy this machine is. */
const gate = 'gate: { max-samples: 7, discard: 0, min-effect-ms: 60000 }';

function isShipped(cloud: string, open: () => Promise<Place>): void {
  const recipe = recipes.find(({ name }) => name === `2, ${cloud}`)!;
  const own = join(folder, cloud.replace(/\W/g, '-'));
  const before = { ...process.env };
  let place: Place;
  beforeAll(async () => {
    place = await open();
    // Clients of clouds read them from the process.
    Object.assign(process.env, place.env);
    cpSync(join(root, 'examples/local/models'), join(own, 'models'), { recursive: true });
  }, 600_000);
  afterAll(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await place?.close();
  });

  async function release(version: string): Promise<void> {
    const yaml = place.here(recipe.yaml).replace('1.0.0', version);
    writeFileSync(join(own, 'models.yaml'), yaml.replace(/( +)sample: .*/, `$&\n$1${gate}`));
    for (const command of recipe.commands.filter((line) => !line.includes(' rollback '))) await run(command);
  }

  async function run(command: string): Promise<Record<string, unknown>> {
    const { exit, message, document } = await runInProcess(own, command.split(' ').slice(1), process.env);
    expect([command, exit, message]).toEqual([command, 0, '']);
    return document as Record<string, unknown>;
  }

  it('is published, released twice, and goes back', async () => {
    await release('1.0.0');
    await release('1.1.0');
    await run(recipe.commands.find((line) => line.includes(' rollback '))!);
    const status = JSON.stringify(await run('coldgate status --environment production'));
    expect(status).toContain('"version":"1.0.0"');
    await run('coldgate destroy --environment production');
  }, 600_000);
}

describePart('aws-lambda-ric or moto', whyNot(lambdaRic) ?? whyMissing('moto'), 'recipe 2 on AWS', () => {
  isShipped('AWS', async () => {
    const { endpoint } = await useServer('moto');
    const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ENDPOINT_URL_S3: endpoint };
    const Bucket = `recipes-${process.pid}`;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new S3Client({ endpoint, forcePathStyle: true, region: 'eu-west-1', credentials });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
    await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    client.destroy();
    const lambda = await LambdaStandIn.open({ ric: ricFolder() });
    return {
      env: { ...env, AWS_ENDPOINT_URL: lambda.url },
      here: (yaml) => yaml.replace('"s3://acme-models/models"', `"s3://${Bucket}/models", endpoint: "${endpoint}"`),
      close: () => lambda.close(),
    };
  });
});

describePart('nothing', undefined, 'recipe 2 on Google Cloud', () => {
  isShipped('Google Cloud', async () => {
    const google = await openGoogle({ buckets: ['acme-models'] });
    const store = `store: { url: "gs://acme-models/models", endpoint: "${google.urlOf('STORAGE')}" }`;
    return {
      env: google.environment,
      here: (yaml) =>
        yaml
          .replace('store: "gs://acme-models/models"', store)
          .replace('project: acme-models', `project: ${google.project.id}`)
          .replace('@acme-models.iam', `@${google.project.id}.iam`),
      close: () => google.close(),
    };
  });
});

describePart('azurite', whyMissing('azurite'), 'recipe 2 on Azure', () => {
  isShipped('Azure', async () => {
    const azure = await openAzure({ groups: ['acme-models'], accounts: ['acmemodelapps'] });
    const component = `${azure.context.groupId('acme-models')}/providers/Microsoft.Insights/components/acme`;
    azure.components.add(component.toLowerCase());
    const { url, endpoint } = (await azuriteContainer()).settings;
    const azurite = (await useServer('azurite')).env;
    // Azurite has no logins, so that functions get what the pipeline has.
    const settings = Object.entries(azurite).map(([name, value]) => `${name}: "${value}"`);
    return {
      env: { ...azure.environment, ...azurite },
      here: (yaml) =>
        yaml
          .replace(/store: "[^"]+"/, `store: { url: "${url}", endpoint: "${endpoint}" }`)
          .replaceAll('11111111-2222-3333-4444-555555555555', azure.subscription)
          .replace(/( +)location: westeurope/, `$&\n$1app-settings: { ${settings.join(', ')} }`),
      close: () => azure.close(),
    };
  });
});
