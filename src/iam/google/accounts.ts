import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { sha256 } from '../../model/digest.ts';
import { issuer, type JobRole, jobName, jobSubject } from '../github.ts';
import type { TargetOperation } from '../needs.ts';
import type { Subject } from '../subject.ts';
import { callsPrivately, openIdTokenRole } from './permissions.ts';
import { type Bindings, makeRole, roleYaml } from './roles.ts';

/** https://cloud.google.com/iam/docs/service-accounts-create: 6 to 30 characters. */
const maxAccountId = 30;

/** `coldgate-pipeline-production`; a name that is too long for an account is cut, with a digest of the whole. */
export function accountId(role: JobRole, environment: string): string {
  const name = jobName(role, environment);
  if (name.length <= maxAccountId) return name;
  const digest = sha256(name).slice(0, 6);
  return `${name.slice(0, maxAccountId - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}

export const numberLine = 'NUMBER="$(gcloud projects describe "$PROJECT" --format=\'value(projectNumber)\')"';

/** GitHub's tokens are taken by a pool. One issuer serves everyone on GitHub, so the provider takes one repository's alone. */
export const openPool = (repository: string): string[] => [
  'gcloud iam workload-identity-pools create github --project="$PROJECT" --location=global || true # once a project',
  `gcloud iam workload-identity-pools providers create-oidc github --project="$PROJECT" --location=global --workload-identity-pool=github --issuer-uri=https://${issuer} --attribute-mapping=google.subject=assertion.sub --attribute-condition="assertion.repository == '${repository}'" || true`,
];

/** A job as the pool knows it, by the subject of its token. */
const federated = (sub: string): string =>
  `principal://iam.googleapis.com/projects/$NUMBER/locations/global/workloadIdentityPools/github/subject/${sub}`;

/**
 * A job that only uses a store: a principal of the pool, without an account. Sets MEMBER.
 * https://cloud.google.com/iam/docs/federated-identity-supported-services
 */
export function federatedMember(subject: Subject, role: JobRole): string[] {
  const sub = jobSubject(role, subject);
  if (sub === undefined) return ['MEMBER="${MEMBER:?name who gets this: serviceAccount:… or principal://…}"'];
  return [...openPool(subject.repository ?? ''), numberLine, `MEMBER="${federated(sub)}"`];
}

const bindToAccount = 'gcloud iam service-accounts add-iam-policy-binding "$ACCOUNT" --project="$PROJECT"';

/**
 * A job that uses Cloud Run, which accepts no federated principals, or that signs links, for which Google has keys of
 * accounts alone: a service account that the job impersonates. Sets ACCOUNT and MEMBER. https://cloud.google.com/iam/docs/federated-identity-supported-services
 */
export function accountMember(
  subject: Subject,
  role: JobRole,
  settings: readonly GoogleCloudRunSettings[],
  operations: readonly TargetOperation[],
): string[] {
  const sub = jobSubject(role, subject);
  const id = accountId(role, subject.environment);
  return [
    numberLine,
    `gcloud iam service-accounts create ${id} --project="$PROJECT" --display-name="Coldgate: ${role} of ${subject.environment}" || true`,
    `ACCOUNT="${id}@$PROJECT.iam.gserviceaccount.com"`,
    'MEMBER="serviceAccount:$ACCOUNT"',
    ...(sub === undefined
      ? []
      : [
          ...openPool(subject.repository ?? ''),
          `${bindToAccount} --role=roles/iam.workloadIdentityUser --member="${federated(sub)}"`,
        ]),
    ...(callsPrivately(settings, operations) ? [`${bindToAccount} --role=${openIdTokenRole} --member="$MEMBER"`] : []),
  ];
}

/**
 * Links of an account without a key are signed by Google, in the account's name: a right on itself.
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
 */
export function signerBindings(): Bindings {
  const id = 'coldgateLinkSigner';
  const content = roleYaml('Coldgate: sign links', 'Made by coldgate iam.', ['iam.serviceAccounts.signBlob']);
  return {
    files: [{ file: `${id}.yaml`, kind: 'permissions', content }],
    commands: [...makeRole(id), `${bindToAccount} --role="projects/$PROJECT/roles/${id}" --member="$MEMBER"`],
  };
}

/** Accounts that the creator of functions and gateways assigns to them. */
export function actAs(settings: readonly GoogleCloudRunSettings[], operations: readonly TargetOperation[]): string[] {
  const accounts = settings.flatMap(({ serviceAccount, gateway }) => [
    ...(operations.includes('make') ? [serviceAccount] : []),
    ...(operations.includes('place') && gateway ? [gateway.serviceAccount ?? serviceAccount] : []),
  ]);
  return [...new Set(accounts)].map(
    (account) =>
      `gcloud iam service-accounts add-iam-policy-binding ${account} --member="$MEMBER" --role=roles/iam.serviceAccountUser`,
  );
}
