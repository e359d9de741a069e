/**
 * Which test files run when: the one place that says so. `npm run test:unit` runs `unit`, `npm test` runs `unit` and
 * `embedded`, `npm run test:all` and CI run every file. A file that no list names is `embedded`: it needs git and Node,
 * starts what it needs itself, and takes seconds. test/tiers.test.ts holds the lists against the files.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node24.mjs';

/**
 * Files and folders below test/; `*` stands for a part of a name, and a folder has a slash at its end. No file may
 * be in both lists.
 */
export const lists = {
  /** Functions called in the test's own process, on memory or a folder: milliseconds a test. */
  unit: [
    'advice/',
    'config/',
    'gate/',
    'measure/',
    'model/',
    'onnx/',
    'picture/',
    'rollout/',
    'rows/',
    'runner/',
    'tokenizer/',
    'verbs/decide.test.ts',
    'verbs/report.test.ts',
    'house.test.ts',
    'tiers.test.ts',
  ],
  all: [
    // These need a part of the test-bed (docs/testing.md).
    'emulators/',
    'faults/',
    'github-api/',
    'workflows/',
    'azure/foreign-client.test.ts',
    'azure/queues.test.ts',
    'doors/cloud-stores.test.ts',
    'doors/hostile-external.test.ts',
    'github-comment/browser.test.ts',
    'github/talk.test.ts',
    'google/foreign-client.test.ts',
    'handler/platforms/azure-messages.test.ts',
    'handler/platforms/azure-uploads.test.ts',
    'handler/platforms/lambda-ric.test.ts',
    'handler/http/page-browser.test.ts',
    'handler/readers/contract.test.ts',
    'handler/readers/end-to-end.test.ts',
    'handler/readers/https.test.ts',
    'handler/readers/read-copy.test.ts',
    'handler/readers/uploads.test.ts',
    'handler/telemetry.test.ts',
    'handler/http/schemathesis.test.ts',
    'handler/http/triton-client.test.ts',
    'handler/platforms/upload-servers.test.ts',
    'iam/azure.test.ts',
    'iam/azure-run.test.ts',
    'targets/azure-functions/azure-batch.test.ts',
    'targets/azure-functions/azure-messages.test.ts',
    'targets/azure-functions/azure-premium-messages.test.ts',
    'iam/google.test.ts',
    'iam/google-run.test.ts',
    'iam/lambda.test.ts',
    'iam/links.test.ts',
    'iam/s3.test.ts',
    'iam/setup-script.test.ts',
    'registry/publish/copy-clouds.test.ts',
    'registry/doctor/doctor-cli.test.ts',
    'registry/pointer/many-promotions.test.ts',
    'recipes/shipped.test.ts',
    'registry/suggest.test.ts',
    'registry/suggest-twice.test.ts',
    'stores/azure-copies.test.ts',
    'stores/entra.test.ts',
    'stores/azure-login.test.ts',
    'stores/azure-writers.test.ts',
    'stores/azure.test.ts',
    'stores/gcs.test.ts',
    'stores/s3-denied.test.ts',
    'stores/s3-servers.test.ts',
    'stores/s3.test.ts',
    'stores/secrets.test.ts',
    'targets/aws-lambda/aws-api-moto.test.ts',
    'targets/aws-lambda/aws-lambda.test.ts',
    'targets/aws-lambda/aws-rest-foreign.test.ts',
    'targets/aws-lambda/aws-rest-moto.test.ts',
    'targets/aws-lambda/aws-neighbours-moto.test.ts',
    'targets/aws-lambda/aws-queue-servers.test.ts',
    'targets/google-cloud-run/google-batch.test.ts',
    'targets/google-cloud-run/google-messages.test.ts',
    'targets/google-cloud-run/google-image-release.test.ts',
    'targets/google-cloud-run/google-unknown.test.ts',
    'targets/aws-lambda/lambda-emulators.test.ts',
    'targets/aws-lambda/lambda-preview.test.ts',
    'targets/aws-lambda/lambda-release.test.ts',
    // These take long: races, kills and faults by the dozen, whole runs of actions, watches in real time.
    '*/*/*-killed.test.ts',
    '*/*/*-faults.test.ts',
    'google/package.test.ts',
    'registry/kill.test.ts',
    'registry/faults.test.ts',
    'registry/pointer/contention.test.ts',
    'registry/processes.test.ts',
    'registry/pointer/promote-from.test.ts',
    'stores/file-crash.test.ts',
    'handler/platforms/fuzz.test.ts',
    'github/root-action.test.ts',
    'github/two-runs.test.ts',
    'doors/prove-first.test.ts',
    'doors/warmup.test.ts',
    'github/hostile.test.ts',
    'github/lost-push.test.ts',
    'oci/google-image.test.ts',
    'oci/lambda-image.test.ts',
    'oci/push.test.ts',
    'package/real-package.test.ts',
    'verbs/url.test.ts',
    'verbs/forged-documents.test.ts',
    'verbs/forged-releases.test.ts',
    'steps/release/watch.test.ts',
    'targets/azure-functions/azure-commands.test.ts',
    'targets/azure-functions/azure-events.test.ts',
    'targets/azure-functions/azure-faults.test.ts',
    'targets/azure-functions/azure-forms.test.ts',
    'targets/azure-functions/azure-killed.test.ts',
    'targets/azure-functions/azure-premium-release.test.ts',
    'targets/azure-functions/azure-premium.test.ts',
    'targets/azure-functions/azure-release.test.ts',
    'targets/azure-functions/azure-ship.test.ts',
    'targets/azure-functions/azure.test.ts',
    'targets/local/local-queue-environments.test.ts',
    'targets/google-cloud-run/google-commands.test.ts',
    'targets/google-cloud-run/google-forms-release.test.ts',
    'targets/google-cloud-run/google-forms.test.ts',
    'targets/google-cloud-run/google-gateway-release.test.ts',
    'targets/google-cloud-run/google-preview.test.ts',
    'targets/google-cloud-run/google-release.test.ts',
    'targets/google-cloud-run/google-watch.test.ts',
    'targets/google-cloud-run/google.test.ts',
    'targets/aws-lambda/lambda-watch.test.ts',
    'recipes/',
  ],
};

/**
 * Files that take longest, the longest first, in the form of the lists: a run begins with them, so that none is left alone at
 * its end. `npm run test:all` prints the slowest of a run.
 */
export const longestFirst = [
  'faults/',
  'verbs/forged-releases.test.ts',
  'iam/lambda.test.ts',
  'targets/aws-lambda/aws-lambda.test.ts',
  'targets/aws-lambda/lambda-killed.test.ts',
  'targets/azure-functions/azure-process-killed.test.ts',
  'targets/azure-functions/azure.test.ts',
  'workflows/',
  'iam/s3.test.ts',
  'registry/pointer/many-promotions.test.ts',
  'verbs/forged-documents.test.ts',
  'package/real-package.test.ts',
  'recipes/',
  'iam/*-run.test.ts',
  '*/*/*-killed.test.ts',
  '*/*/*-faults.test.ts',
  'iam/',
  'github/root-action.test.ts',
  'doors/',
  'targets/azure-functions/azure-ship.test.ts',
  'targets/azure-functions/azure-premium-release.test.ts',
  'targets/google-cloud-run/google-release.test.ts',
  'targets/google-cloud-run/google-unknown.test.ts',
  'targets/local/local.test.ts',
  'targets/azure-functions/apim-contract.test.ts',
  'hints/',
  'steps/release/watch.test.ts',
];

/** Whether an entry of the lists fits a test file, which is named from the root: test/gate/laws.test.ts */
export const fits = (entry, path) =>
  new RegExp(`^test/${entry.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}${entry.endsWith('/') ? '' : '$'}`).test(
    path,
  );

/** @returns {'unit' | 'embedded' | 'all'} the tier of a test file */
export const tierOf = (path) =>
  Object.keys(lists).find((tier) => lists[tier].some((entry) => fits(entry, path))) ?? 'embedded';

/** Every test file, named from the root. */
export const testFiles = () =>
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('test/recipes/files/'))
    .sort();
