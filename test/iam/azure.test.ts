import { describeWith } from '../emulators/servers.ts';
import { azuriteContainer, azuriteEnvironment } from '../fakes/stores/azurite.ts';
import { apps } from '../fixtures/iam-config.ts';
import { azureAccesses, azureGrants } from './azure-requests.ts';
import { comparesEveryVerb } from './every-verb.ts';

describeWith('azurite', 'what verbs ask of Azure Blob Storage, and what coldgate iam grants', (server) => {
  azuriteEnvironment();
  comparesEveryVerb({
    server,
    settings: async () => (await azuriteContainer()).settings,
    accesses: azureAccesses,
    grants: azureGrants,
    functionTarget: apps,
  });
});
