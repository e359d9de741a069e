import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { Advice } from '../bucket/advice.ts';
import { quoted } from '../bucket/advice.ts';
import type { Subject } from '../subject.ts';
import { bucketsOf, packagePrefix } from './packages.ts';
import { openIdTokenRole } from './permissions.ts';

const plain = { files: [], optional: false };

/** Cloud Run itself, which reads archives and images when a revision is made. https://cloud.google.com/iam/docs/service-agents */
export const serviceAgent = '--member="serviceAccount:service-$NUMBER@serverless-robot-prod.iam.gserviceaccount.com"';

/** What Google's own accounts in the project have to be allowed to. */
export const agentAdvice = (subject: Subject, settings: readonly GoogleCloudRunSettings[]): Advice[] => [
  ...runAgent(subject, settings),
  ...storageAgent(settings),
  ...pubsubAgent(settings),
];

/** What Cloud Run's own account reads when a revision is made. */
function runAgent(subject: Subject, settings: readonly GoogleCloudRunSettings[]): Advice[] {
  const keys = [...new Set(settings.flatMap(({ kmsKey }) => kmsKey ?? []))];
  const buckets = bucketsOf(subject, settings);
  if (keys.length + buckets.length === 0) return [];
  const files = buckets.map((bucket, at) => ({
    file: `coldgate-packages${at === 0 ? '' : `-${at + 1}`}.json`,
    content: {
      title: 'coldgate packages',
      expression: `resource.name.startsWith(${JSON.stringify(`projects/_/buckets/${bucket}/objects/${packagePrefix}`)})`,
    },
  }));
  return [
    {
      ...plain,
      name: 'service-agent',
      why: "Cloud Run's own account reads archives, whatever project the bucket is in, and uses the keys of models.yaml.",
      files,
      commands: [
        ...buckets.map(
          (bucket, at) =>
            `gcloud storage buckets add-iam-policy-binding ${quoted(`gs://${bucket}`)} ${serviceAgent} --role=roles/storage.objectViewer --condition-from-file=${files[at]?.file}`,
        ),
        ...keys.map(
          (key) =>
            `gcloud kms keys add-iam-policy-binding ${quoted(key)} ${serviceAgent} --role=roles/cloudkms.cryptoKeyEncrypterDecrypter`,
        ),
      ],
    },
  ];
}

/** Cloud Storage's own account hands uploads to Eventarc: https://cloud.google.com/eventarc/docs/run/route-trigger-cloud-storage */
function storageAgent(settings: readonly GoogleCloudRunSettings[]): Advice[] {
  if (!settings.some(({ batch }) => batch)) return [];
  const agent = '"serviceAccount:$(gcloud storage service-agent --project="$PROJECT")"';
  return [
    {
      ...plain,
      name: 'batch-events',
      why: "Cloud Storage's own account hands uploads on, by which Eventarc tells functions of files for a batch; a release makes the trigger.",
      commands: [
        `gcloud projects add-iam-policy-binding "$PROJECT" --member=${agent} --role=roles/pubsub.publisher --condition=None`,
      ],
    },
  ];
}

/**
 * Pub/Sub's own account hands dead messages on, and makes the tokens of pushes; without these rights it does not, and says
 * nothing. https://cloud.google.com/pubsub/docs/dead-letter-topics#grant_forwarding_permissions
 */
function pubsubAgent(settings: readonly GoogleCloudRunSettings[]): Advice[] {
  const accounts = [...new Set(settings.flatMap(({ queue, serviceAccount }) => (queue ? [serviceAccount] : [])))];
  if (accounts.length === 0) return [];
  const agent = '--member="serviceAccount:service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"';
  return [
    {
      ...plain,
      name: 'queue-agent',
      why: "Pub/Sub's own account puts messages that failed for good aside, and makes tokens for its pushes; a release makes topics and subscriptions.",
      commands: [
        'gcloud beta services identity create --service=pubsub.googleapis.com --project="$PROJECT"',
        ...['publisher', 'subscriber'].map(
          (role) =>
            `gcloud projects add-iam-policy-binding "$PROJECT" ${agent} --role=roles/pubsub.${role} --condition=None`,
        ),
        ...accounts.map(
          (account) =>
            `gcloud iam service-accounts add-iam-policy-binding ${account} ${agent} --role=${openIdTokenRole}`,
        ),
      ],
    },
  ];
}
