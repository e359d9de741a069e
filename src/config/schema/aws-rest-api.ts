import { z } from 'zod';
import { decimal, listOf, text, whole, words } from './field-kinds.ts';

/** Limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const ownName = () =>
  text(
    'a name of lower-case letters, digits and "-", at most 40, beginning with a letter, other than coldgate',
    /^(?!coldgate$)[a-z][a-z0-9-]{0,39}$/,
  );

const certificate = () =>
  text('the ARN of a certificate (arn:aws:acm:…)', /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]{1,64}$/);

const key = z.strictObject({
  name: ownName().describe('Name of the key; one key a caller.'),
  'value-from': words('the name of an environment variable')
    .optional()
    .describe('Name of the environment variable that holds the key, 20 to 128 characters. Without it AWS makes one.'),
});

const plan = z.strictObject({
  name: ownName().describe('Name of the usage plan.'),
  rate: decimal(0.1, 100_000).describe('Requests a second of one key in the long run.'),
  burst: whole(1, 100_000).describe('Requests of one key at once.'),
  quota: z
    .strictObject({
      limit: whole(1, 2_000_000_000).describe('Requests …'),
      period: z.enum(['day', 'week', 'month']).describe('… in each of these.'),
    })
    .optional()
    .describe('Most requests of one key.'),
  keys: listOf(key, 'keys', 0, 100).default([]).describe('Keys that call by this plan.'),
});

const domain = z.strictObject({
  name: text(
    'a host name such as api.example.org',
    /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  ).describe('Host name that callers use; its DNS record is yours to make.'),
  certificate: certificate().describe('Certificate of the name, in the region of the function.'),
  path: text('a path of letters, digits, "-" and "_"', /^[A-Za-z0-9_-]{1,100}$/)
    .optional()
    .describe('What follows the host name. Default: the function’s name.'),
  'trust-store': text('the s3:// URL of a PEM file', /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[^\s\p{Cc}]{1,1000}$/u)
    .optional()
    .describe(
      'Authorities of the certificates that callers must present (mutual TLS). The default host is closed then.',
    ),
  'trust-store-version': words('a version id of the object', 1024)
    .optional()
    .describe('Version of that object, in a bucket with versions.'),
  'ownership-certificate': certificate()
    .optional()
    .describe('A certificate of ACM’s own, where `certificate` is imported or private and callers present theirs.'),
});

/** The settings of `endpoint: rest-api`. */
export const awsRestApi = z
  .strictObject({
    stage: text('a name of letters, digits and "_"', /^(?!test-invoke-stage$)[A-Za-z0-9_]{1,128}$/)
      .default('live')
      .describe('Name of the stage, which stands in the address.'),
    plans: listOf(plan, 'plans', 0, 50)
      .default([])
      .describe('Usage plans. With one or more of them, every call needs an API key (`x-api-key`).'),
    'web-acl': text(
      'the ARN of a regional web ACL (arn:aws:wafv2:…:regional/webacl/…)',
      /^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/[\w-]{1,128}\/[\w-]{1,128}$/,
    )
      .optional()
      .describe('Web ACL of AWS WAF in front of the stage; it must exist.'),
    cache: z
      .strictObject({
        size: z
          .literal([0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237])
          .default(0.5)
          .describe('Size in GB; paid by the hour.'),
        seconds: whole(1, 3600).default(300).describe('How long an answer is kept.'),
      })
      .optional()
      .describe('Keeps the OpenAPI document and the list of models; answers of the model are never kept.'),
    domain: domain.optional().describe('A host name of your own.'),
  })
  .describe('The REST API of `endpoint: rest-api`.');
