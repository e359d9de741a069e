import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { flag, text, textMap, variableMap, whole, words } from './field-kinds.ts';

/** Limits: https://cloud.google.com/run/docs/configuring/services/memory-limits and …/cpu, …/max-instances */
const gateway = z
  .strictObject({
    auth: z
      .enum(['api-key', 'firebase', 'google-id-token', 'none'])
      .default('api-key')
      .describe('What a caller must present.'),
    'quota-per-minute': whole(1, 10_000_000).optional().describe('Requests a minute for one key.'),
  })
  .describe('API Gateway in front, made from the OpenAPI document.');

export const googleCloudRunTarget = z
  .strictObject({
    provider: z.literal('google-cloud-run'),
    project: text('a Google Cloud project id', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/).describe('Project id.'),
    region: text('a region such as europe-west1', /^[a-z]+(?:-[a-z]+)+\d{1,2}$/).describe(
      'Region; best the one of the store.',
    ),
    kind: z.enum(['service', 'function']).default('service').describe('Cloud Run service, or Cloud Functions gen2.'),
    'service-account': text('the e-mail address of a service account', /^[^@\s]{1,64}@[a-z0-9.-]{1,190}$/).describe(
      'Identity of the function; needs to read the model’s prefix alone.',
    ),
    memory: whole(512, 32_768).default(2048).describe('MB. /tmp lies in memory: leave room for the model twice.'),
    cpu: z.literal([1, 2, 4, 6, 8]).default(1).describe('vCPUs.'),
    concurrency: whole(1, 1000).default(4).describe('Calls that one instance takes at once; 1 to 4 for inference.'),
    'min-instances': whole(0, 1000).default(0).describe('Instances kept warm, and billed.'),
    'max-instances': whole(1, 1000).default(10).describe('Cap of instances.'),
    timeout: whole(1, 3600).default(60).describe('Seconds a call may take.'),
    'cpu-boost': flag().default(true).describe('More CPU while an instance starts.'),
    'execution-environment': z
      .enum(['gen1', 'gen2'])
      .default('gen2')
      .describe('Sandbox; gen1 starts faster, gen2 is Linux.'),
    ingress: z
      .enum(['all', 'internal', 'internal-and-load-balancing'])
      .default('all')
      .describe('Where calls may come from.'),
    auth: z.enum(['iam', 'none']).default('iam').describe('Who may call: identities with run.invoker, or anyone.'),
    gateway: gateway.optional(),
    'artifact-repository': words('an Artifact Registry repository, LOCATION-docker.pkg.dev/PROJECT/REPOSITORY')
      .optional()
      .describe('Where images go. Default: one made on first deploy.'),
    'vpc-connector': words('the name of a VPC connector').optional().describe('Reaches a private network.'),
    'kms-key': words('the resource name of a Cloud KMS key').optional().describe('Encrypts images and source (CMEK).'),
    'environment-variables': variableMap().optional().describe('Further variables of the function.'),
    labels: textMap('a lower-case label key', /^[a-z][a-z0-9_-]{0,62}$/)
      .optional()
      .describe('Labels of all resources.'),
  })
  .describe('Google Cloud Run and Cloud Functions gen2.');

/** The settings as the driver gets them: checked, with defaults. */
export type GoogleCloudRunSettings = CamelKeys<z.infer<typeof googleCloudRunTarget>>;
