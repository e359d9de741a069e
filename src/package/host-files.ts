import type { BundleFile } from './bundle-files.ts';
import { sha256 } from './digest.ts';
import { readZipFile } from './zip-file.ts';

/**
 * Messages of a queue, where the app has one; its settings go over these. One at a time: a model uses all cores. The
 * function gets the text as it is, and decodes it: what the host cannot decode it puts aside without asking the function,
 * which would keep the reason. https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue
 */
const azureQueues = {
  messageEncoding: 'none',
  batchSize: 1,
  newBatchThreshold: 0,
  maxPollingInterval: '00:00:10',
  visibilityTimeout: '00:00:30',
};

/**
 * For Azure's host. Without `main` its worker finds no function, and without an empty prefix every path begins with
 * /api. Executions may take ten minutes, for files of many inferences; the front end cuts requests at 230 s. Requests and
 * exceptions are all kept, of traces a sample. https://learn.microsoft.com/azure/azure-functions/functions-host-json
 */
const azureHost = {
  version: '2.0',
  extensions: { http: { routePrefix: '' }, queues: azureQueues },
  // Without it the host knows no trigger but HTTP: https://learn.microsoft.com/azure/azure-functions/extension-bundles
  extensionBundle: { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.*, 5.0.0)' },
  functionTimeout: '00:10:00',
  logging: { applicationInsights: { samplingSettings: { isEnabled: true, excludedTypes: 'Request;Exception' } } },
};

const textFile = (name: string, text: string): BundleFile => ({ name, bytes: Buffer.from(`${text}\n`) });

/** What the platform of an entry finds the function by: package.json, and for Azure its host's settings. */
export function hostFiles(entry: string): BundleFile[] {
  if (entry !== 'azure.mjs') return [textFile('package.json', '{"type":"module"}')];
  return [
    textFile('package.json', JSON.stringify({ type: 'module', main: entry })),
    textFile('host.json', JSON.stringify(azureHost)),
  ];
}

/** Whether the entry's health names the digest of its package: Azure does not tell which package an app runs. */
export const saysDigest = (entry: string): boolean => entry === 'azure.mjs';

/** sha256 over names and bytes of files, in any order: the package's content, whatever its archive is. */
export const contentDigest = (files: readonly BundleFile[]): string =>
  sha256(
    files
      .map(({ name, bytes }) => `${sha256(bytes)} ${name}\n`)
      .sort()
      .join(''),
  );

const digestName = 'package-digest.txt';

/** What health reads the digest from. */
export const digestFile = (digest: string): BundleFile => textFile(digestName, digest);

/** The digest in a package that says it. Throws IntegrityError `bad-zip`. */
export const digestIn = (zip: Buffer): string | undefined => readZipFile(zip, digestName)?.toString('utf8').trim();
