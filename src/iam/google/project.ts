import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { Advice } from '../bucket/advice.ts';
import { quoted } from '../bucket/advice.ts';
import { jobSubject } from '../github.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { accountId, numberLine, openPool } from './accounts.ts';
import { adviceAfterRelease } from './after-release.ts';
import { agentAdvice, serviceAgent } from './agents.ts';
import { bucketsOf, repositoryOf } from './packages.ts';
import { settingsOf } from './policies.ts';

const plain = { files: [], optional: false };

function apisOf(settings: readonly GoogleCloudRunSettings[]): string[] {
  const some = (has: (one: GoogleCloudRunSettings) => unknown, ...names: string[]): string[] =>
    settings.some((one) => Boolean(has(one))) ? names : [];
  const names = [
    ...['run', 'storage', 'iam', 'iamcredentials', 'sts', 'logging', 'cloudresourcemanager', 'serviceusage'],
    ...some(({ artifactRepository }) => artifactRepository, 'artifactregistry'),
    ...some(({ gateway }) => gateway, 'apigateway', 'servicemanagement', 'servicecontrol', 'apikeys'),
    ...some(({ kmsKey }) => kmsKey, 'cloudkms'),
    ...some(({ vpcConnector }) => vpcConnector, 'vpcaccess'),
    ...some(({ batch }) => batch, 'eventarc'),
    ...some(({ batch, queue }) => batch ?? queue, 'pubsub'),
    ...some(({ queue }) => queue, 'monitoring'),
  ];
  return names.map((name) => `${name}.googleapis.com`);
}

/** Buckets of versions and of archives that are not there yet. One that is there stays as it is. */
function bucketAdvice(subject: Subject, settings: readonly GoogleCloudRunSettings[], region: string): Advice {
  const { store, bucket } = bucketRef(subject.store);
  const names = [...new Set([...(store === 'gcs' ? [bucket] : []), ...bucketsOf(subject, settings)])];
  return {
    ...plain,
    name: 'buckets',
    why: `Buckets in ${region}, beside the functions: every cold start reads its model from there.`,
    commands: names.map((name) => {
      const url = quoted(`gs://${name}`);
      return `gcloud storage buckets describe ${url} > /dev/null 2>&1 || gcloud storage buckets create ${url} --project="$PROJECT" --location=${region} --uniform-bucket-level-access --public-access-prevention`;
    }),
  };
}

function repositoryAdvice(settings: readonly GoogleCloudRunSettings[]): Advice[] {
  const paths = [...new Set(settings.flatMap(({ artifactRepository }) => artifactRepository ?? []))];
  if (paths.length === 0) return [];
  return [
    {
      ...plain,
      name: 'image-repository',
      why: 'A repository for images in the region of the functions; the pipeline pushes to it and makes none. Cloud Run needs a separate role to read one of another project.',
      commands: paths.flatMap((path) => {
        const { location, project, name } = repositoryOf(path);
        const where = `${name} --location=${location} --project=${project}`;
        return [
          `gcloud artifacts repositories describe ${where} > /dev/null 2>&1 || gcloud artifacts repositories create ${where} --repository-format=docker`,
          `gcloud artifacts repositories add-iam-policy-binding ${where} ${serviceAgent} --role=roles/artifactregistry.reader`,
        ];
      }),
    },
  ];
}

function accountAdvice(subject: Subject, settings: readonly GoogleCloudRunSettings[], project: string): Advice {
  const own = `@${project}.iam.gserviceaccount.com`;
  const given = settings.flatMap(({ serviceAccount, gateway }) =>
    [serviceAccount, gateway?.serviceAccount ?? []].flat(),
  );
  const ids = [
    ...given.filter((account) => account.endsWith(own)).map((account) => account.slice(0, -own.length)),
    ...(['pipeline', 'preview'] as const).map((role) => accountId(role, subject.environment)),
  ];
  return {
    ...plain,
    name: 'accounts',
    why: `Accounts of functions, of gateways and of jobs, without a key. What they may do, coldgate iam --environment ${subject.environment} --role pipeline,preview,function prints.`,
    commands: [...new Set(ids)].map(
      (id) => `gcloud iam service-accounts create ${id} --project="$PROJECT" || true # where it is there already`,
    ),
  };
}

function federationAdvice(subject: Subject): Advice {
  const sub = jobSubject('pipeline', subject);
  return {
    ...plain,
    name: 'federation',
    why: sub
      ? `GitHub's tokens in place of keys. One issuer serves everyone on GitHub, so the condition takes those of ${subject.repository} alone.`
      : "GitHub's tokens in place of keys. One issuer serves everyone on GitHub, so the condition takes those of REPOSITORY alone: set it to owner/name.",
    commands: [
      ...(sub === undefined ? ['REPOSITORY="${REPOSITORY:?owner/name of the repository on GitHub}"'] : []),
      ...openPool(subject.repository ?? '$REPOSITORY'),
      'echo "GOOGLE_PROVIDER=projects/$NUMBER/locations/global/workloadIdentityPools/github/providers/github"',
    ],
  };
}

/**
 * What the owner of a Google Cloud project sets up once for an environment whose functions are on Cloud Run;
 * empty for others.
 */
export function adviceForProject(subject: Subject): Advice[] {
  const settings = settingsOf(subject);
  const [first] = settings;
  if (first === undefined) return [];
  const { project, region } = first;
  return [
    {
      ...plain,
      name: 'apis',
      why: `What the functions of ${subject.environment} use, switched on in the project ${project}.`,
      commands: [
        `PROJECT=${project}`,
        `gcloud services enable ${apisOf(settings).join(' ')} --project="$PROJECT"`,
        numberLine,
      ],
    },
    bucketAdvice(subject, settings, region),
    ...repositoryAdvice(settings),
    accountAdvice(subject, settings, project),
    federationAdvice(subject),
    ...agentAdvice(subject, settings),
    ...adviceAfterRelease(subject),
  ];
}
