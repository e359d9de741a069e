import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { flag, listOf, text, whole, words } from './field-kinds.ts';
import { googleGateway } from './google-gateway.ts';
import { queueSettings } from './queue.ts';

/**
 * Limits: https://cloud.google.com/run/docs/configuring/services/memory-limits, …/cpu, …/max-instances and
 * https://cloud.google.com/run/quotas. Those between fields are in check-google-cloud-run.ts.
 */
const bucket = text('the name of a Cloud Storage bucket', /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/);

const artifact = {
  package: z
    .enum(['source', 'image'])
    .default('source')
    .describe('Form of the package: an archive that runs on a base image of Google’s, or a container image.'),
  'upload-bucket': bucket
    .optional()
    .describe('Bucket for archives, below coldgate/packages/. Default: the store’s, where that is gs://.'),
  'artifact-repository': text(
    'an Artifact Registry repository, LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, with or without an image below it',
    /^[a-z][a-z0-9-]{1,40}-docker\.pkg\.dev\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/[a-z][a-z0-9-]{0,61}[a-z0-9](?:\/[a-z0-9][a-z0-9._-]{0,127}){0,4}$/,
  )
    .optional()
    .describe(
      'Where images are, for `package: image`. Without an image below it, images are named as the function is.',
    ),
  'image-digest': text('sha256: and 64 hex digits, or nothing before there is an image', /^(?:sha256:[0-9a-f]{64})?$/)
    .optional()
    .describe('Digest of your own image to run; usually `${IMAGE_DIGEST}`, from the step that built it.'),
  'base-image': text('an image by digest (name@sha256:…)', /^[a-z0-9][a-z0-9._:/-]{1,250}@sha256:[0-9a-f]{64}$/)
    .optional()
    .describe('What images are built on, by digest. Without it Google keeps the base image up to date.'),
};

const scaling = {
  memory: whole(512, 32_768)
    .default(2048)
    .describe('MiB; at most 4096 with 1 vCPU. /tmp is in memory: leave room for the model twice.'),
  cpu: z
    .literal([1, 2, 4, 6, 8])
    .default(1)
    .describe('vCPUs. 1 takes up to 4096 MiB, 2 up to 8192, 4 2048 to 16384, 6 4096 to 24576, 8 4096 to 32768.'),
  concurrency: whole(1, 1000).default(4).describe('Calls that one instance takes at once; 1 to 4 for inference.'),
  'min-instances': whole(0, 1000).default(0).describe('Instances kept warm, and billed.'),
  'max-instances': whole(1, 1000).default(10).describe('Cap of instances.'),
  timeout: whole(1, 3600).default(60).describe('Seconds a call may take, the start of an instance included.'),
  'cpu-boost': flag().default(true).describe('More CPU while an instance starts.'),
  'execution-environment': z
    .enum(['gen1', 'gen2'])
    .default('gen2')
    .describe('Sandbox; gen1 starts faster, gen2 is Linux.'),
};

const access = {
  ingress: z
    .enum(['all', 'internal', 'internal-and-load-balancing'])
    .default('all')
    .describe('Where calls may come from. The pipeline calls the function too, from where it runs.'),
  auth: z.enum(['iam', 'none']).default('iam').describe('Who may call: identities with run.invoker, or anyone.'),
  gateway: googleGateway.optional(),
};

const batch = z
  .strictObject({
    bucket: bucket.describe('Bucket whose uploads start a batch.'),
    location: text('the location of a bucket, such as europe-west1 or eu', /^[a-z]+(?:-[a-z]+)*\d{0,2}$/)
      .optional()
      .describe('Where the bucket is, in lower case. Default: the region of the function.'),
    prefix: words('an object prefix', 512).optional().describe('Only objects that begin so.'),
    suffix: words('an object suffix', 64).default('.jsonl').describe('Only objects that end so.'),
    'output-prefix': words('an object prefix', 512).default('results/').describe('Where results are written.'),
  })
  .describe('Batch inference over JSON Lines, started by uploads.');

const shift = z
  .strictObject({
    steps: listOf(whole(1, 99), 'percentages', 1, 10).describe('Shares of traffic in percent, rising.'),
    'wait-seconds': whole(0, 3600).default(60).describe('Pause after each step.'),
  })
  .describe('Moves traffic to a new revision in steps.');

/** https://cloud.google.com/run/docs/container-contract#env-vars; the rest is what Coldgate or the framework sets. */
const variables = z.record(
  text(
    'a variable name of letters, digits and _ that is not one of Cloud Run’s or Coldgate’s',
    /^(?!MODEL_|COLDGATE_|K_|X_GOOGLE_|FUNCTION_)(?!(?:ORT_DISABLE_TELEMETRY|PORT|HOST|GOOGLE_CLOUD_PROJECT)$)[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  ),
  words('text of 1 to 32768 bytes on one line', 32_768),
  { error: 'a mapping of names to text' },
);

/** https://cloud.google.com/resource-manager/docs/creating-managing-labels#requirements; goog… is reserved. */
const labels = z.record(
  text(
    'a lower-case label key that begins neither with coldgate nor with goog',
    /^(?!coldgate|goog)[a-z][a-z0-9_-]{0,62}$/,
  ),
  text('at most 63 lower-case letters, digits, "_" and "-"', /^[a-z0-9_-]{0,63}$/),
  { error: 'a mapping of names to text' },
);

export const googleCloudRunTarget = z
  .strictObject({
    provider: z.literal('google-cloud-run'),
    project: text('a Google Cloud project id', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/).describe('Project id.'),
    region: text('a region such as europe-west1', /^[a-z]+(?:-[a-z]+)+\d{1,2}$/).describe(
      'Region; best the one of the store.',
    ),
    kind: z
      .enum(['service', 'function'])
      .default('service')
      .describe('Cloud Run service, or Cloud Run function: the same service, started through the functions framework.'),
    'service-account': text('the e-mail address of a service account', /^[^@\s]{1,64}@[a-z0-9.-]{1,190}$/).describe(
      'Identity of the function; needs to read the model’s prefix alone.',
    ),
    ...artifact,
    ...scaling,
    ...access,
    batch: batch.optional(),
    // A delivery that finds every instance busy counts as one, too, so there are more of them than elsewhere.
    queue: queueSettings({ concurrency: [1, 1000], attempts: [20, 100, 20] }),
    shift: shift.optional(),
    'vpc-connector': words('the name of a VPC connector').optional().describe('Reaches a private network.'),
    'kms-key': words('the resource name of a Cloud KMS key').optional().describe('Encrypts images and source (CMEK).'),
    'environment-variables': variables.optional().describe('Further variables of the function.'),
    labels: labels.optional().describe('Labels of all resources; at most 60.'),
  })
  .describe('Google Cloud Run, functions included.');

/** Topics are one for a project, services one for a region. That of dead messages has `-dead` behind it. */
export const queueTopic = (service: string, region: string): string => `coldgate-${service}-${region}`;

/** The settings as the driver gets them: checked, with defaults. */
export type GoogleCloudRunSettings = CamelKeys<z.infer<typeof googleCloudRunTarget>>;
