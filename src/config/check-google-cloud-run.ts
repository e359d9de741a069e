import type { Findings } from './findings.ts';
import { type TargetSettings, targetsOf } from './target-settings.ts';

/** MiB that go with a number of vCPUs: https://cloud.google.com/run/docs/configuring/services/cpu#cpu-memory */
const memoryOf: Readonly<Record<number, { min: number; max: number }>> = {
  1: { min: 512, max: 4096 },
  2: { min: 512, max: 8192 },
  4: { min: 2048, max: 16_384 },
  6: { min: 4096, max: 24_576 },
  8: { min: 4096, max: 32_768 },
};
/** Bytes of a variable's value: `EnvVar.value` of the Cloud Run Admin API. */
const maxVariableBytes = 32_768;
/** Cloud Run takes 1000 variables a container (https://cloud.google.com/run/quotas); 50 are left for Coldgate's own. */
const maxVariables = 950;
/** Resources take 64 labels; 4 are left for Coldgate's own. */
const maxLabels = 60;
/** KiB of a request that the front end lets in over HTTP/1: https://cloud.google.com/run/quotas#request_limits */
const maxPayloadKb = 32_768;
/** What the schema refuses by itself. */
const maxSchemaKb = 1_048_576;

/** What Cloud Run and API Gateway refuse, or silently not do, with settings that are fine one by one. */
export function checkGoogleCloudRun(findings: Findings): void {
  for (const settings of targetsOf(findings, 'google-cloud-run')) {
    checkSizes(settings);
    checkPackage(settings);
    checkGateway(settings);
    settings.batch({ open: 'none', wanted: 'iam' });
    checkQueue(settings);
    checkMaps(settings);
    checkPayload(settings);
  }
}

/** Pub/Sub sends a message again when a push took so long, s: https://cloud.google.com/pubsub/docs/push */
const pushSeconds = 600;

/** Pub/Sub pushes as fast as it is answered: the cap is that of the instances. */
function checkQueue(settings: TargetSettings): void {
  if (!settings.has('queue')) return;
  if (settings.number('timeout', 60) >= pushSeconds) {
    const message = `expected less than ${pushSeconds} with queue:, since Pub/Sub sends a message again then.`;
    settings.add('timeout', message, 'Lower it.');
  }
  const instances = settings.number('max-instances', 10);
  if (!settings.has('queue.max-concurrency') || settings.number('queue.max-concurrency', 10) >= instances) return;
  const message = `expected at least max-instances (${instances}), each of which works on a message at a time.`;
  settings.add('queue.max-concurrency', message, 'Lower max-instances, or raise it.');
}

/** Models that run there: the one whose target it is, or all that have no target of their own. */
function checkPayload({ findings, path: [section, name] }: TargetSettings): void {
  const others = findings.keys(['models']).filter((model) => !findings.has(['models', model, 'target']));
  for (const model of section === 'models' ? [String(name)] : others) {
    const field = ['models', model, 'handler', 'max-payload-kb'];
    const value = findings.has(field) ? findings.value(field) : 0;
    if (typeof value !== 'number' || value <= maxPayloadKb || value > maxSchemaKb) continue;
    findings.add(field, `expected at most ${maxPayloadKb}, which Cloud Run lets in, got ${value}.`, 'Lower it.');
  }
}

function checkSizes(settings: TargetSettings): void {
  const cpu = settings.number('cpu', 1);
  const memory = settings.number('memory', 2048);
  const range = Object.hasOwn(memoryOf, cpu) ? memoryOf[cpu] : undefined;
  const isSize = memory >= 512 && memory <= 32_768;
  if (range && isSize && (memory < range.min || memory > range.max)) {
    const given = settings.has('memory') ? '' : ', which is 2048 unless given';
    settings.add(
      'memory',
      `expected ${range.min} to ${range.max} with cpu: ${cpu}${given}.`,
      memory > range.max ? `Lower it, or use cpu: ${cpuFor(memory)}.` : `Set memory: ${range.min}, or use fewer vCPUs.`,
    );
  }
  if (settings.number('min-instances', 0) > settings.number('max-instances', 10)) {
    settings.add('min-instances', 'expected at most max-instances (10 unless given).', 'Raise max-instances.');
  }
}

/** The fewest vCPUs that so many MiB go with. */
export const cpuFor = (memory: number): string =>
  Object.entries(memoryOf).find(([, { max }]) => memory <= max)?.[0] ?? '8';

function checkPackage(settings: TargetSettings): void {
  const isImage = settings.text('package', 'source') === 'image';
  const image = ['artifact-repository', 'image-digest', 'base-image'];
  settings.only(image, isImage, 'package: image', 'Set package: image, or remove it.');
  settings.only(['upload-bucket'], !isImage, 'package: source');
  if (isImage && !settings.has('artifact-repository')) {
    const hint = 'coldgate doctor --suggest prints how to make a repository.';
    settings.add('artifact-repository', 'expected one with package: image.', hint);
  }
  if (settings.has('image-digest') && settings.has('base-image')) {
    const message = 'is used with images that Coldgate builds, expected none beside image-digest.';
    settings.add('base-image', message);
  }
  if (!isImage && !settings.has('upload-bucket')) checkUploads(settings);
}

/** Archives go to the store's bucket, where it is one of Cloud Storage's. */
function checkUploads(settings: TargetSettings): void {
  const [section, name] = settings.path;
  const { findings } = settings;
  const environments = section === 'environments' ? [String(name)] : findings.keys(['environments']);
  const urlOf = (one: string): string | undefined =>
    findings.text(['environments', one, 'store']) ?? findings.text(['environments', one, 'store', 'url']);
  const other = environments.find((one) => /^(?!gs:)[a-z0-9]+:/.test(urlOf(one) ?? ''));
  if (other === undefined) return;
  settings.add(
    'upload-bucket',
    `expected one, since the store of ${other} is not on Cloud Storage.`,
    'Name a bucket for archives, or use package: image.',
  );
}

function checkGateway(settings: TargetSettings): void {
  if (!settings.has('gateway')) return;
  const auth = settings.text('gateway.auth', 'api-key');
  settings.only(['gateway.jwt'], auth === 'jwt', 'auth: jwt');
  settings.only(['gateway.audience'], auth === 'google-id-token', 'auth: google-id-token');
  settings.only(['gateway.firebase-project'], auth === 'firebase', 'auth: firebase');
  settings.only(
    ['gateway.quota-per-minute'],
    auth === 'api-key',
    'auth: api-key, whose keys name the project to count',
    'Use auth: api-key, or remove it.',
  );
  if (auth === 'jwt' && !settings.has('gateway.jwt')) {
    settings.add('gateway.auth', 'expected jwt: with issuer and audience beside auth: jwt.', 'Add jwt: to gateway:.');
  }
  if (settings.text('auth', 'iam') === 'none') {
    settings.add('auth', 'expected iam with gateway:, since callers could go round it.', 'Remove auth: none.');
  }
  if (settings.text('ingress', 'all') !== 'all') {
    settings.add('ingress', 'expected all with gateway:, whose calls come from outside.');
  }
}

function checkMaps(settings: TargetSettings): void {
  const { findings } = settings;
  const variables = findings.keys(settings.at('environment-variables'));
  for (const name of variables) {
    const path = [...settings.at('environment-variables'), name];
    const bytes = Buffer.byteLength(findings.text(path) ?? '');
    if (bytes <= maxVariableBytes) continue;
    findings.add(path, `expected at most ${maxVariableBytes} bytes, got ${bytes}.`, 'Make it a file of the model.');
  }
  settings.count('environment-variables', maxVariables);
  settings.count('labels', maxLabels);
}
