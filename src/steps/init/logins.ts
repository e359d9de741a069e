import type { Provider } from '../../config/types.ts';

/** The job that logs in: previews have an identity of their own, which can do less. */
export type Who = 'preview' | 'pipeline';

/** The step of a workflow that gets a cloud's credentials for the job's identity. */
export interface Login {
  title: string;
  /** Whose word the name of the job's environment is part of. */
  trust: string;
  uses: string;
  with(who: Who, region: string): string[];
  /** Beside each step that uses the credentials. */
  env?(who: Who): string[];
}

const own = " # that of the job's environment";
const azureClient = (who: Who): string => (who === 'preview' ? 'AZURE_PREVIEW_CLIENT_ID' : 'AZURE_CLIENT_ID');

export const logins: Readonly<Record<Exclude<Provider, 'local'>, Login>> = {
  'aws-lambda': {
    ...{ title: 'AWS', trust: "role's trust policy" },
    uses: 'aws-actions/configure-aws-credentials@61815dcd50bd041e203e49132bacad1fd04d2708 # v5.1.1',
    with: (who, region) => [
      `role-to-assume: \${{ vars.${who === 'preview' ? 'PREVIEW_ROLE' : 'PIPELINE_ROLE'} }}`,
      `aws-region: ${region}`,
    ],
  },
  'google-cloud-run': {
    ...{ title: 'Google', trust: "account's binding" },
    uses: 'google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0',
    with: (who) => [
      'workload_identity_provider: ${{ vars.GOOGLE_PROVIDER }}',
      who === 'preview'
        ? 'service_account: ${{ vars.GOOGLE_PREVIEW_ACCOUNT }}'
        : `service_account: \${{ vars.GOOGLE_SERVICE_ACCOUNT }}${own}`,
    ],
  },
  'azure-functions': {
    ...{ title: 'Azure', trust: "identity's credential" },
    uses: 'azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5 # v2.3.0',
    with: (who) => [
      `client-id: \${{ vars.${azureClient(who)} }}${who === 'preview' ? '' : own}`,
      'tenant-id: ${{ vars.AZURE_TENANT_ID }}',
      'subscription-id: ${{ vars.AZURE_SUBSCRIPTION_ID }}',
    ],
    env: (who) => [
      'env: # by which a gate of an hour gets new tokens',
      `  AZURE_CLIENT_ID: \${{ vars.${azureClient(who)} }}`,
      '  AZURE_TENANT_ID: ${{ vars.AZURE_TENANT_ID }}',
    ],
  },
};
