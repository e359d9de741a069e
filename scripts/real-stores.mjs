/**
 * The contract of stores on a real bucket or container: COLDGATE_REAL_STORE=s3://bucket/tests node scripts/real-stores.mjs
 *
 * Credentials are what the SDKs' default chains find. In GitHub Actions (permissions: id-token: write) that is the job's
 * OIDC token, which is put where those chains look: AWS_ROLE_ARN; AZURE_CLIENT_ID and AZURE_TENANT_ID;
 * GOOGLE_PROVIDER (projects/N/locations/global/workloadIdentityPools/P/providers/Q) and GOOGLE_SERVICE_ACCOUNT.
 */
import { runReal } from './real-run.mjs';

const store = process.env.COLDGATE_REAL_STORE ?? '';
const scheme = /^(s3|gs|azure):\/\//.exec(store)?.[1];
if (!scheme) {
  console.error(`COLDGATE_REAL_STORE should be s3://…, gs://… or azure://…, got ${JSON.stringify(store)}.`);
  process.exit(2);
}
await runReal(scheme, 'vitest.config.ts');
