import { load } from 'js-yaml';
import type { Call } from '../google/context.ts';
import type { Google } from '../google/google.ts';
import type { Grant } from './compare.ts';
import type { Access } from './evaluate.ts';
import { googleGrants } from './google-requests.ts';
import type { PrintedPolicySet } from './printed.ts';

/** Google spells this one in two ways: https://cloud.google.com/iam/docs/service-account-permissions */
const spelt = (permission: string): string => permission.replace('serviceaccounts', 'serviceAccounts');

/** What IAM asks of whoever makes a call; listings are of the bucket as a whole. */
export const callAccesses = ({ needs }: Call): Access[] =>
  needs.map(({ permission, resource }) => ({
    action: spelt(permission),
    resource: permission === 'storage.objects.list' ? resource.replace(/\/objects\/$/, '') : resource,
  }));

/** What a pipeline uses of Google's own roles: https://cloud.google.com/iam/docs/roles-permissions */
const predefined: Record<string, string> = {
  'roles/iam.serviceAccountUser': 'iam.serviceAccounts.actAs',
  'roles/iam.serviceAccountOpenIdTokenCreator': 'iam.serviceAccounts.getOpenIdToken',
};

/** A permission as it is bound to the job's account. */
interface Bound {
  permission: string;
  /** Resources that begin so; without it the project. */
  account?: string;
}

function boundBy(set: PrintedPolicySet, command: string, pipeline: string): Bound[] {
  const role = /^gcloud projects add-iam-policy-binding .*\/roles\/(\w+)"/.exec(command)?.[1];
  if (role !== undefined) {
    const found = set.documents.find(({ file }) => file === `${role}.yaml`);
    const { includedPermissions } = load(String(found?.content)) as { includedPermissions: string[] };
    return includedPermissions.map((permission) => ({ permission }));
  }
  const account = /^gcloud iam service-accounts add-iam-policy-binding (\S+) .*"\$MEMBER"/.exec(command)?.[1];
  const permission = predefined[/--role=(\S+)/.exec(command)?.[1] ?? ''];
  if (account === undefined || permission === undefined) return [];
  return [{ permission, account: account === '"$ACCOUNT"' ? pipeline : account }];
}

/** Everything that the commands bind to the job's account: on the project, on accounts, on buckets. */
export function runGrants(set: PrintedPolicySet, { project, pipeline }: Google): Grant[] {
  const bound = set.commands.flatMap((command) => boundBy(set, command, pipeline));
  const grants = bound.map(({ permission, account }): Grant => {
    const place = `projects/${project.id}${account === undefined ? '' : `/serviceAccounts/${account}`}`;
    const isThere = (resource: string) =>
      resource === place || (account === undefined && resource.startsWith(`${place}/`));
    return {
      label: account === undefined ? permission : `${permission} ${account}`,
      allows: ({ action, resource }) => action === permission && isThere(resource),
    };
  });
  return [...grants, ...googleGrants(set)];
}

/** Lets the pipeline do what the commands say and nothing else; what buckets hold is held to conditions by `runGrants`. */
export function enforce(set: PrintedPolicySet, google: Google): void {
  const { iam, project } = google.context;
  iam.revoke(google.pipeline, '*', 0);
  iam.grant(
    google.pipeline,
    ['get', 'list', 'create', 'delete'].map((one) => `storage.objects.${one}`),
    'projects/_',
    0,
  );
  for (const command of set.commands)
    for (const { permission, account } of boundBy(set, command, google.pipeline)) {
      const place = account === undefined ? `projects/${project}` : `projects/${project}/serviceAccounts/${account}`;
      iam.grant(google.pipeline, [permission, permission.replace('serviceAccounts', 'serviceaccounts')], place, 0);
    }
}
