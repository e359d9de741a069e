import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Azure, openAzure } from '../azure/azure.ts';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart, useServer, whyMissing } from '../emulators/servers.ts';
import { azuriteContainer } from '../fakes/stores/azurite.ts';
import { push } from '../github/payloads.ts';
import { runAct } from './act-run.ts';
import { callerRepository, commitAll } from './repository.ts';

/** The example's own workflow by act: a container on Azurite, function apps on the stand-in for Azure with the real package. */
describePart('act or azurite', whyNot(act) ?? whyMissing('azurite'), 'the example for Azure', () => {
  const folder = callerRepository(join(import.meta.dirname, '..', '..', 'examples', 'azure'));
  let azure: Azure;
  let env: Record<string, string>;

  beforeAll(async () => {
    azure = await openAzure({ groups: ['acme-models'], accounts: ['acmemodelapps'] });
    const id = azure.identities.create('digits', 'acme-models');
    const owner = azure.context.iam.roleOf('b7e6dc6d-f1e8-4753-8033-0f276bb0955b')!;
    azure.context.iam.grant(azure.identities.find(id)!.oid, owner, azure.context.groupId('acme-models'));
    azure.components.add(
      `${azure.context.groupId('acme-models')}/providers/Microsoft.Insights/components/coldgate`.toLowerCase(),
    );
    const { url, endpoint } = (await azuriteContainer()).settings;
    const azurite = (await useServer('azurite')).env;
    env = { ...azure.environment, ...azurite };
    // Azurite has no logins, so that functions get what the pipeline has.
    const settings = Object.entries(azurite).map(([name, value]) => `${name}: "${value}"`);
    const path = join(folder, 'models.yaml');
    const yaml = readFileSync(path, 'utf8')
      .replaceAll(/store: "[^"]+"/g, `store: { url: "${url}", endpoint: "${endpoint}" }`)
      .replaceAll('11111111-2222-3333-4444-555555555555', azure.subscription)
      .replaceAll(/( +)location: westeurope/g, `$&\n$1app-settings: { ${settings.join(', ')} }`);
    writeFileSync(path, yaml.replace(/slo-ms.*max-samples: 30/, 'max-samples: 7, discard: 0, min-effect-ms: 2000'));
  }, 600_000);
  afterAll(async () => {
    await azure?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ships on a push to main, and promotes for a tag', async () => {
    const after = commitAll(folder, 'Our own subscription');
    const vars = {
      AZURE_CLIENT_ID: azure.pipeline.clientId,
      AZURE_TENANT_ID: azure.context.tenant,
      AZURE_SUBSCRIPTION_ID: azure.subscription,
    };
    const run = { event: 'push', workflow: '.github/workflows/models.yml', env, vars };
    const before = '0'.repeat(40);
    const pushed = await runAct(folder, { ...run, payload: push({ ref: 'refs/heads/main', before, after }) });
    expect(pushed.ok, pushed.text).toBe(true);
    expect(pushed.text).toContain(`would log in ${azure.pipeline.clientId}`);
    expect(pushed.outputs).toMatchObject({ version: '1.0.0', verdict: 'pass', promoted: 'true' });
    const tagged = await runAct(folder, { ...run, payload: push({ ref: 'refs/tags/digits/v1.0.0', before, after }) });
    expect(tagged.ok, tagged.text).toBe(true);
    expect(tagged.outputs).toMatchObject({ version: '1.0.0', promoted: 'true' });
    const live = [...azure.web.sites.values()].filter(({ tags }) => tags['coldgate-role'] === 'live');
    expect(live.map(({ tags }) => tags['coldgate-function']).sort()).toEqual(['digits-production', 'digits-staging']);
  });
});
