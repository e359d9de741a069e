/**
 * What is not proven about Azure, in a real resource group, in the order of docs/azure.md: node scripts/real-azure.mjs
 *
 * COLDGATE_REAL_AZURE_SUBSCRIPTION, _GROUP, _LOCATION, _APPS, _STORE and _IDENTITY name what is used; docs/azure.md says how.
 * Credentials are those of the default chain, such as `az login`. In GitHub Actions (permissions: id-token: write) they are made
 * of the job's OIDC token by AZURE_CLIENT_ID and AZURE_TENANT_ID. Findings go to real-azure.json.
 */
import { demandVariables, runReal } from './real-run.mjs';

const names = ['SUBSCRIPTION', 'GROUP', 'LOCATION', 'APPS', 'STORE', 'IDENTITY'];
demandVariables(
  names.map((name) => `COLDGATE_REAL_AZURE_${name}`),
  'docs/azure.md',
);
await runReal('azure', 'azure.config.ts');
