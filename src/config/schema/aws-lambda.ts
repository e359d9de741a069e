import { z } from 'zod';
import type { CamelKeys } from '../camel-keys.ts';
import { awsRestApi } from './aws-rest-api.ts';
import { decimal, flag, listOf, text, textMap, variableMap, whole, words } from './field-kinds.ts';
import { queueSettings } from './queue.ts';

/** Limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const region = text('an AWS region such as eu-west-1', /^[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}$/);
function arn(service: string, what: string) {
  return text(`the ARN of ${what} (arn:aws:${service}:…)`, new RegExp(`^arn:aws[a-z-]*:${service}:[^\\s]{1,512}$`));
}
const bucket = text('the name of an S3 bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);

const scaling = z
  .strictObject({
    maximum: whole(1, 10_000).describe('Most provisioned instances.'),
    utilization: decimal(0.1, 0.9).default(0.7).describe('Share of busy instances to aim for.'),
    schedules: listOf(
      z.strictObject({
        at: text('cron(…), rate(…) or at(…)', /^(?:cron|rate|at)\([^()\p{Cc}]{1,120}\)$/u).describe('When, in UTC.'),
        minimum: whole(0, 10_000).describe('Fewest instances from then on.'),
        maximum: whole(0, 10_000).describe('Most instances from then on.'),
      }),
      'schedules',
      0,
      50,
    )
      .optional()
      .describe('Bounds that change by the clock.'),
  })
  .describe('Scales the instances above provisioned-concurrency by use and by schedule.');

const access = {
  endpoint: z
    .enum(['function-url', 'http-api', 'rest-api', 'none'])
    .default('function-url')
    .describe('How callers reach the function. `http-api` cuts every call at 30 s, `rest-api` at 29 s.'),
  auth: z
    .enum(['iam', 'jwt', 'none'])
    .default('iam')
    .describe('Who may call: signed AWS requests, bearers of a JWT (http-api only), or anyone.'),
  'response-stream': flag()
    .default(false)
    .describe('Streams answers over the function URL: up to 200 MB in place of 6.'),
  jwt: z
    .strictObject({
      issuer: text('an https:// URL', /^https:\/\/[^\s\p{Cc}]+$/u).describe('`iss` of the tokens.'),
      audience: listOf(words('text'), 'texts', 1, 50).describe('Accepted `aud` values.'),
    })
    .optional()
    .describe('The authorizer of `auth: jwt`.'),
  throttle: z
    .strictObject({
      rate: decimal(0.1, 100_000).describe('Requests a second in the long run.'),
      burst: whole(1, 100_000).describe('Requests at once.'),
    })
    .optional()
    .describe('Limits of the stage of http-api or rest-api.'),
  'rest-api': awsRestApi.optional(),
};

const storage = {
  'ephemeral-storage': whole(512, 10_240).default(512).describe('Size of /tmp in MB; the model is kept there.'),
  vpc: z
    .strictObject({
      subnets: listOf(text('a subnet id', /^subnet-[0-9a-f]{8,17}$/), 'subnet ids', 1, 16).describe('Subnet ids.'),
      'security-groups': listOf(
        text('a security group id', /^sg-[0-9a-f]{8,17}$/),
        'security group ids',
        1,
        5,
      ).describe('Security group ids.'),
    })
    .optional()
    .describe('Runs the function inside a VPC; only where it must reach something there.'),
  efs: z
    .strictObject({
      'access-point': arn('elasticfilesystem', 'an EFS access point').describe('ARN of the access point.'),
      'mount-path': text('a path such as /mnt/models', /^\/mnt\/[A-Za-z0-9_.-]{1,150}$/).describe('Where it appears.'),
    })
    .optional()
    .describe('Shared file system for very large models; needs `vpc`.'),
  batch: z
    .strictObject({
      bucket: bucket.describe('Bucket whose uploads start a batch.'),
      prefix: words('a key prefix', 512).optional().describe('Only keys that begin so.'),
      suffix: words('a key suffix', 64).default('.jsonl').describe('Only keys that end so.'),
      'output-prefix': words('a key prefix', 512).default('results/').describe('Where results are written.'),
    })
    .optional()
    .describe('Batch inference over JSON Lines, started by uploads.'),
  // https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
  queue: queueSettings({ concurrency: [2, 1000] }),
};

export const awsLambdaTarget = z
  .strictObject({
    provider: z.literal('aws-lambda'),
    region: region.describe('AWS region; best the one of the store.'),
    role: arn('iam', 'the role that the function runs as').describe(
      'Execution role. `coldgate iam` prints its policy.',
    ),
    memory: whole(128, 10_240).default(1769).describe('MB; CPU grows with it, 1769 MB are one vCPU.'),
    timeout: whole(1, 900).default(30).describe('Seconds a call may take; 29 behind a REST API unless given.'),
    architecture: z.enum(['x86_64', 'arm64']).default('x86_64').describe('CPU of the function and of the package.'),
    package: z.enum(['zip', 'image']).default('zip').describe('Form of the package.'),
    'image-repository': words('the URI of an ECR repository')
      .optional()
      .describe('Where images go; for `package: image`.'),
    'image-digest': text('sha256: and 64 hex digits, or nothing before there is an image', /^(?:sha256:[0-9a-f]{64})?$/)
      .optional()
      .describe('Digest of your own image; usually `${IMAGE_DIGEST}`, from its build. Without it Coldgate builds one.'),
    'base-image': text('an image by digest (name@sha256:…)', /^[a-z0-9][a-z0-9._:/-]{1,250}@sha256:[0-9a-f]{64}$/)
      .optional()
      .describe('What images are built from, by digest: a `public.ecr.aws/lambda/nodejs:24`.'),
    'upload-bucket': bucket.optional().describe('Bucket for packages above 50 MB zipped.'),
    layers: listOf(arn('lambda', 'a layer version'), 'ARNs', 0, 5).optional().describe('Layers to add.'),
    'runtime-layer': flag()
      .default(false)
      .describe('The native runtime as a layer that all functions share; zips then hold the handler alone.'),
    ...storage,
    'provisioned-concurrency': whole(0, 10_000).default(0).describe('Instances kept warm on the live alias.'),
    'provisioned-scaling': scaling.optional(),
    'reserved-concurrency': whole(0, 10_000).optional().describe('Cap of instances, taken from the account’s limit.'),
    ...access,
    shift: z
      .strictObject({
        steps: listOf(whole(1, 99), 'percentages', 1, 10).describe('Shares of traffic in percent, rising.'),
        'wait-seconds': whole(0, 3600).default(60).describe('Pause after each step.'),
      })
      .optional()
      .describe('Moves traffic to a new function version in steps.'),
    'environment-variables': variableMap().optional().describe('Further variables of the function.'),
    'kms-key': arn('kms', 'a KMS key').optional().describe('Encrypts the variables at rest.'),
    tracing: flag().default(false).describe('Active X-Ray tracing.'),
    'log-retention-days': z
      .literal([
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
      ])
      .default(30)
      .describe('How long CloudWatch keeps the logs.'),
    alias: text('a name of letters, digits, "-" and "_"', /^(?!\d+$)[A-Za-z0-9_-]{1,64}$/)
      .default('live')
      .describe('Alias that callers use.'),
    tags: textMap('a tag key that does not begin with aws:', /^(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,128}$/)
      .optional()
      .describe('Tags of all resources.'),
  })
  .describe('AWS Lambda.');

/** The settings as the driver gets them: checked, with defaults. */
export type AwsLambdaSettings = CamelKeys<z.infer<typeof awsLambdaTarget>>;

/** Whether anyone may call function URLs. Beside a REST API those of candidates must not open a way round its keys. */
export const isOpenUrl = ({ endpoint, auth }: Pick<AwsLambdaSettings, 'endpoint' | 'auth'>): boolean =>
  auth === 'none' && endpoint !== 'rest-api';
