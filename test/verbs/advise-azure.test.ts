import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azure, openAzure } from '../azure/azure.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
let azure: Azure;
const before = { ...process.env };

beforeAll(async () => {
  project = new Project();
  azure = await openAzure();
  // What the blobs say is not what this is about: nobody answers there. Clients of Azure read these from the process.
  const key = Buffer.from('none').toString('base64');
  const blobs = `BlobEndpoint=http://127.0.0.1:9/coldgatetest;AccountKey=${key}`;
  const AZURE_STORAGE_CONNECTION_STRING = `DefaultEndpointsProtocol=http;AccountName=coldgatetest;${blobs}`;
  Object.assign(process.env, azure.environment, { AZURE_STORAGE_CONNECTION_STRING });
});
afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  await azure?.close();
  project?.remove();
});

/** What is found of the region of the store, with the function in a location. */
async function regionsIn(location: string) {
  const place = `subscription: ${azure.subscription}, resource-group: models, location: ${location}`;
  const target = `{ provider: azure-functions, ${place}, storage-account: coldgatetest }`;
  const path = project.path('models.yaml');
  const text = readFileSync(path, 'utf8').replace(
    /store: .+$/m,
    `store: "azure://coldgatetest/models/m", target: ${target} }`,
  );
  writeFileSync(path, text);
  const { document } = await runInProcess(project.folder, ['advise'], azure.environment);
  const { findings } = document as { findings: { rule: string; verdict: string; why: string }[] };
  return findings.find(({ rule }) => rule === 'regions');
}

describe('coldgate advise on Azure', () => {
  it('asks Resource Manager where the account is', async () => {
    expect(await regionsIn('westeurope')).toMatchObject({ verdict: 'yes' });
    expect(await regionsIn('eastus')).toMatchObject({ verdict: 'no', set: [{ value: 'westeurope' }] });
    const asked = azure.calls().flatMap(({ needs }) => needs.map(({ action }) => action));
    expect([...new Set(asked)]).toEqual(['Microsoft.Storage/storageAccounts/read']);
  });

  it('says why it is not known where that is denied', async () => {
    azure.deny('Microsoft.Storage/storageAccounts/read');
    expect(await regionsIn('westeurope')).toMatchObject({
      verdict: 'unknown',
      why: expect.stringContaining('storageAccounts/read'),
    });
    azure.allow('Microsoft.Storage/storageAccounts/read');
  });
});
