import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findVerb } from '../../src/catalog.ts';
import { readInputs } from '../../src/inputs.ts';
import { apps, azureApps, azureIdentity, iamYaml } from '../fixtures/iam-config.ts';
import { contextIn } from '../gate/context.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-subscription-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The script that `doctor --suggest` prints for production. */
async function scriptFor(target: string): Promise<string> {
  writeFileSync(join(folder, 'models.yaml'), iamYaml({ store: 'azure://acmemodels/models', target }));
  const verb = findVerb('doctor')!;
  const values: Record<string, unknown> = readInputs(
    verb.inputs,
    { environment: ['production'], suggest: ['true'] },
    (name) => `--${name}`,
  );
  const context = contextIn(folder);
  const source = async () => ({ ...(await context.source()), repository: 'acme/models' });
  const { text } = await verb.run(values, { ...context, source });
  return text ?? '';
}

/** Calls of az that the script makes, with what `exists` says is there already. */
async function callsOf(target: string, exists = false): Promise<string[]> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const answer = `case "$*" in *"account show --name"*--query*) echo answer;; *"storage account show"*) exit ${exists ? 0 : 1};; *"container-rm exists"*) echo ${exists};; *) echo answer;; esac`;
  writeFileSync(join(bin, 'az'), `#!/bin/sh\necho "$@" >> calls\n${answer}\n`);
  chmodSync(join(bin, 'az'), 0o755);
  writeFileSync(join(folder, 'setup.sh'), await scriptFor(target));
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}` };
  execFileSync('sh', ['-eu', 'setup.sh'], { cwd: folder, env, stdio: 'pipe' });
  return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
}

const registered = (calls: readonly string[]): string[] =>
  calls.flatMap((call) => /^provider register --namespace (\S+) --wait$/.exec(call)?.[1] ?? []);

const subnet =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme/providers/Microsoft.Network/virtualNetworks/acme/subnets/functions';

describe('the set-up of a subscription on Azure', () => {
  it('registers what functions need, and no more', async () => {
    expect(registered(await callsOf(apps))).toEqual([
      'Microsoft.Web',
      'Microsoft.Storage',
      'Microsoft.ManagedIdentity',
    ]);
  });

  it('registers what networks, gateways and uploads need', async () => {
    const more = `identity: ${azureIdentity}, subnet: ${subnet}, gateway: { service: acme }, batch: { container: uploads }`;
    const calls = await callsOf(azureApps(more));
    expect(registered(calls)).toEqual(
      expect.arrayContaining(['Microsoft.App', 'Microsoft.Network', 'Microsoft.ApiManagement', 'Microsoft.EventGrid']),
    );
    expect(calls).toContain(`network vnet subnet update --ids ${subnet} --delegations Microsoft.App/environments`);
  });

  it('makes the group, accounts without keys and the container of the store, in an order that works', async () => {
    const calls = await callsOf(apps);
    const made = calls.filter((call) => call.startsWith('storage account create'));
    expect(made.map((call) => /--name (\S+)/.exec(call)?.[1])).toEqual(['acmemodels', 'acmeapps']);
    for (const call of made) expect(call).toContain('--allow-shared-key-access false');
    const at = (text: string) => calls.findIndex((call) => call.startsWith(text));
    expect(at('account set')).toBe(0);
    expect(at('group create')).toBeLessThan(at('storage account create'));
    expect(at('storage account create')).toBeLessThan(at('storage container-rm create'));
    expect(at('storage container-rm create')).toBeLessThan(at('storage account management-policy create'));
  });

  it('leaves accounts and containers that are there alone', async () => {
    const calls = await callsOf(apps, true);
    expect(calls.filter((call) => /storage account create|container-rm create/.test(call))).toEqual([]);
  });

  it('makes identities of functions and jobs, which take tokens of one repository, and says their ids', async () => {
    const calls = await callsOf(apps);
    const made = calls.flatMap((call) => /^identity create --name (\S+)/.exec(call)?.[1] ?? []);
    expect(made).toEqual(['digits', 'coldgate-pipeline-production', 'coldgate-preview-production']);
    const subjects = calls.flatMap((call) => /--subject (\S+)/.exec(call)?.[1] ?? []);
    expect(subjects).toEqual(['repo:acme/models:environment:production', 'repo:acme/models:pull_request']);
    expect(await scriptFor(apps)).toContain('echo "pipeline: AZURE_CLIENT_ID=$(az identity show');
  });

  it('makes the container of uploads, and leaves the events of a batch to a release', async () => {
    const script = await scriptFor(azureApps('batch: { container: uploads, prefix: in/ }'));
    expect(script).toContain('az provider register --namespace Microsoft.EventGrid --wait');
    expect(script).toContain('container-rm create --storage-account acmeapps --name uploads');
    expect(script).not.toContain('az eventgrid');
  });
});
