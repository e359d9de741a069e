import { z } from 'zod';
import { cloudStores, clouds } from '../../clouds.ts';
import { defaultPointer } from '../../model/layout.ts';
import { namePatterns, nameRules } from '../../model/names.ts';
import { awsLambdaTarget } from './aws-lambda.ts';
import { azureFunctionsTarget } from './azure-functions.ts';
import { readUrl, secureUrl, text, words } from './field-kinds.ts';
import { googleCloudRunTarget } from './google-cloud-run.ts';
import { localTarget } from './local.ts';

/** By `provider`; the driver of a target reads its own. */
export const targetSchema = z.discriminatedUnion('provider', [
  localTarget,
  awsLambdaTarget,
  googleCloudRunTarget,
  azureFunctionsTarget,
]);

const storeForms = ['file:folder', ...cloudStores.map((store) => clouds[store].form)]
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ');
const beginnings = ['file:', ...cloudStores.map((store) => `${clouds[store].scheme}://`)].join('|');
/** Checks the beginning only: `resolveStoreUrl` checks the rest and names what is wrong. */
const storeUrl = text(storeForms, new RegExp(`^(?:${beginnings}).+$`, 'su'));

export const storeSchema = z.union(
  [
    storeUrl,
    z.strictObject({
      url: storeUrl.describe(`Where versions are kept: ${storeForms}. \`file:\` is relative to models.yaml.`),
      region: text('a region such as eu-west-1', /^[a-z0-9-]{1,40}$/)
        .optional()
        .describe('Region of the bucket (S3).'),
      endpoint: secureUrl()
        .optional()
        .describe('Base URL of a compatible server or emulator; S3 then uses path-style addresses.'),
      'read-url': readUrl()
        .optional()
        .describe(
          'Cache (CDN) in front of the store, by which functions read versions: what stands below `url` stands below it. See docs/cdn.md.',
        ),
      'kms-key': words('a key ARN or resource name', 512)
        .optional()
        .describe('Key for encryption at rest: SSE-KMS on S3, CMEK on Google Cloud.'),
      encryption: z
        .enum(['sse-s3', 'sse-kms'], { error: 'sse-s3 or sse-kms' })
        .optional()
        .describe('Encryption at rest on S3; `kms-key` implies sse-kms. Default: the setting of the bucket.'),
      'encryption-scope': text('the name of an encryption scope', /^[A-Za-z0-9-]{3,63}$/)
        .optional()
        .describe('Encryption scope on Azure.'),
    }),
  ],
  { error: `a store URL (${storeForms}) or a mapping with url` },
);

export const environmentSchema = z.strictObject({
  store: storeSchema.describe('Where versions and the pointer are kept: a URL, or a mapping with `url` and settings.'),
  pointer: text(nameRules.pointer, namePatterns.pointer)
    .default(defaultPointer)
    .describe('Name of the pointer; several environments of one store need one each.'),
  target: targetSchema.describe('Where functions run; `provider` decides which settings there are.'),
});
