import type { Answer, Facts, SeenCopy } from '../../src/advice/rule.ts';

type Fields = Record<string, unknown>;

/** What is wrong with an environment, by one rule: settings of its target and of its model, and what was found out. */
export interface Situation {
  rule: string;
  what: string;
  target: Fields;
  model?: Fields;
  store?: unknown;
  environment?: string;
  facts?: Partial<Facts>;
}

export const lambda: Fields = {
  ...{ provider: 'aws-lambda', region: 'eu-west-1', role: 'arn:aws:iam::123456789012:role/coldgate' },
  'reserved-concurrency': 50,
};
export const run: Fields = {
  ...{ provider: 'google-cloud-run', project: 'acme-prod', region: 'europe-west1' },
  'service-account': 'digits@acme-prod.iam.gserviceaccount.com',
};
const subscription = '11111111-2222-3333-4444-555555555555';
export const apps: Fields = {
  ...{ provider: 'azure-functions', subscription, 'resource-group': 'acme', location: 'westeurope' },
  'storage-account': 'acmeapps',
  'application-insights': `/subscriptions/${subscription}/resourceGroups/acme/providers/Microsoft.Insights/components/c`,
};

export const s3 = { url: 's3://acme-models/models', region: 'eu-west-1' };
export const storeOf = ({ provider }: Fields): unknown =>
  ({ 'aws-lambda': s3, 'google-cloud-run': 'gs://acme-models/models' })[String(provider)] ??
  'azure://acmemodels/models/registry';

const measured = { version: '1.0.0', starts: 12, startMs: 900 };
const slow = { ...measured, startMs: 45_000 };
const hundred = 100_000_000;

/** Each is answered by no, and by something else once what is said is typed. */
export const wrong: readonly Situation[] = [
  { rule: 'package', what: 'too much for a zip', target: lambda, facts: { wishes: { dependenciesMb: 300 } } },
  { rule: 'package', what: 'a runtime for each of three functions', target: lambda, facts: { functions: 3 } },
  { rule: 'optimized-form', what: 'a model of 100 MB as it is', target: run, facts: { bytes: hundred } },
  { rule: 'model-place', what: '2 GB to read at a start', target: run, facts: { bytes: 20 * hundred } },
  {
    ...{ rule: 'model-place', what: 'reading takes what is promised', target: lambda },
    facts: { measured: { ...measured, fetchMs: 800 }, wishes: { p95Ms: 1000 } },
  },
  {
    rule: 'pre-warm',
    what: 'a promise that starts break',
    target: lambda,
    facts: { measured, wishes: { p95Ms: 500 } },
  },
  { rule: 'pre-warm', what: 'a bound below any start', target: run, model: { gate: { 'slo-ms': 200 } } },
  { rule: 'pre-warm', what: 'a request an hour', target: apps, facts: { wishes: { requestsPerMonth: 700 } } },
  {
    ...{ rule: 'pre-warm', what: 'instances for nobody', environment: 'staging' },
    target: { ...lambda, 'provisioned-concurrency': 2 },
  },
  { rule: 'slo', what: 'no bound in production', target: lambda },
  { rule: 'regions', what: 'a bucket across the sea', target: lambda, store: { ...s3, region: 'us-east-1' } },
  { rule: 'regions', what: 'an account that says otherwise', target: run, facts: { located: { region: 'us-east1' } } },
  {
    rule: 'read-url',
    what: 'a CDN inside one region',
    target: lambda,
    store: { ...s3, 'read-url': 'https://cdn.acme.example' },
  },
  {
    ...{ rule: 'follow-over', what: '1000 instances of 400 MB at once', target: { ...run, 'max-instances': 1000 } },
    facts: { bytes: 4 * hundred },
  },
  { rule: 'queue', what: 'two deliveries', target: { ...lambda, queue: { attempts: 2 } } },
  { rule: 'queue', what: 'one attempt', target: { ...apps, queue: { attempts: 1, 'max-concurrency': 40 } } },
  {
    ...{ rule: 'queue', what: 'messages that take every instance' },
    target: { ...lambda, 'reserved-concurrency': 8, queue: { 'max-concurrency': 8 } },
  },
  {
    ...{ rule: 'queue', what: 'messages that take every place' },
    target: { ...run, 'max-instances': 5, concurrency: 2, queue: {} },
  },
  { rule: 'vpc', what: 'a network that nothing needs', target: { ...lambda, vpc: vpc() } },
  { rule: 'timeouts', what: 'starts that take longer', target: run, facts: { measured: { ...slow, startMs: 90_000 } } },
  {
    ...{ rule: 'timeouts', what: 'starts that no HTTP API waits for', facts: { measured: slow } },
    target: { ...lambda, endpoint: 'http-api' },
  },
  {
    ...{ rule: 'timeouts', what: 'an initialisation that Lambda ends', target: lambda },
    facts: { measured: { ...measured, initMs: 9900 } },
  },
  { rule: 'timeouts', what: 'runs that outlive the function', target: { ...run, timeout: 10 } },
  {
    ...{ rule: 'timeouts', what: 'a gateway that waits less' },
    target: { ...run, timeout: 60, gateway: { deadline: 30 } },
  },
  {
    ...{ rule: 'timeouts', what: 'API Management that waits less' },
    target: { ...apps, timeout: 60, gateway: { service: 'acme-apis', timeout: 40 } },
  },
  { rule: 'timeouts', what: 'callers that leave before', target: lambda, facts: { wishes: { clientTimeout: 28 } } },
  { rule: 'memory', what: 'a start that fills it', target: lambda, facts: { measured: { ...measured, peakMb: 1700 } } },
  { rule: 'threads', what: 'more than there are vCPUs', target: lambda, model: { handler: { threads: 4 } } },
  { rule: 'concurrency', what: '80 calls at once', target: { ...run, concurrency: 80 } },
  { rule: 'concurrency', what: '16 calls at once', target: { ...apps, 'http-concurrency': 16 } },
  { rule: 'caps', what: 'none', target: { ...lambda, 'reserved-concurrency': undefined } },
  { rule: 'public', what: 'a function URL for anyone', target: { ...lambda, auth: 'none' } },
  { rule: 'public', what: 'a service for anyone', target: { ...run, auth: 'none' } },
  { rule: 'public', what: 'a gateway for anyone', target: { ...run, gateway: { auth: 'none' } } },
  { rule: 'public', what: 'an app for anyone', target: { ...apps, auth: 'anonymous' } },
  {
    ...{ rule: 'public', what: 'API Management for anyone' },
    target: { ...apps, gateway: { service: 'acme-apis', 'subscription-required': false } },
  },
  {
    rule: 'rest-api',
    what: 'a REST API for nothing',
    target: { ...lambda, endpoint: 'rest-api', timeout: 20, 'rest-api': { stage: 'v1' } },
  },
  {
    rule: 'public',
    what: 'a REST API without keys',
    target: { ...lambda, endpoint: 'rest-api', timeout: 20, auth: 'none' },
  },
  { rule: 'log-retention', what: 'ten years', target: { ...lambda, 'log-retention-days': 3653 } },
  { rule: 'log-retention', what: 'none', target: { ...apps, 'application-insights': undefined } },
];

const behindCdn = { ...s3, 'read-url': 'https://cdn.acme.example/models' };

/** What a CDN does wrong, by what is seen of it. */
const faults: readonly (readonly [string, Partial<SeenCopy>])[] = [
  ['no such host', { unreached: 'ENOTFOUND' }],
  ['a refusal', { status: 403 }],
  ['a path that is another', { status: 404 }],
  ['a redirect', { status: 302 }],
  ['a failure', { status: 503 }],
  ['something that packs', { encoding: 'gzip' }],
  ['a page to log in', { isSame: false, type: 'text/html' }],
  ['bytes of before', { isSame: false }],
  ['pointers, too', { givesPointer: true }],
  ['answers without a signature', { givesUnsigned: true }],
  ['nothing kept', { keptFor: 0 }],
  ['a signature that ended', { status: 403, ends: new Date('2026-11-30') }],
  ['a signature that ends soon', { ends: new Date('2026-12-10') }],
];

function copy(seen: Partial<SeenCopy>): Partial<Facts> {
  const right = { status: 200, isSame: true, type: 'application/json', keptFor: 31_536_000, isPublic: false };
  const how = { key: 'digits/versions/1.0.0/manifest.json', traces: ['age: 3'], purge: 'purge' };
  return { copy: { ...right, ...how, now: new Date('2026-12-01'), ...seen } };
}

const around = (parts: Omit<NonNullable<Facts['around']>, 'problems'>): Partial<Facts> => ({
  around: { problems: [], ...parts },
});
const sized = (mb: number) => ({ bytes: mb * 1e6, of: 'base' as const, reference: 'base' });

/** Each is answered as it says, and nothing is proposed that would change models.yaml. */
export const other: readonly (Situation & { verdict: Answer })[] = [
  { rule: 'package', what: 'an image', verdict: 'yes', target: image() },
  { rule: 'image-size', what: 'an image', verdict: 'unknown', target: image() },
  { rule: 'image-size', what: 'a small one', verdict: 'yes', target: image(), facts: around({ image: sized(120) }) },
  { rule: 'image-size', what: 'a large base', verdict: 'no', target: image(), facts: around({ image: sized(290) }) },
  ...(['cdn', 'private-origin'] as const).map((rule) => ({
    ...{ rule, what: 'as it should be', verdict: 'yes' as const, target: lambda, store: behindCdn },
    facts: copy({}),
  })),
  ...faults.map(([what, seen]) => ({
    ...{ rule: 'cdn', what, verdict: 'no' as const, target: lambda, store: behindCdn },
    facts: copy(seen),
  })),
  {
    rule: 'cdn',
    what: 'unasked',
    verdict: 'unknown',
    target: lambda,
    store: behindCdn,
    facts: copy({ why: 'nothing' }),
  },
  {
    ...{ rule: 'private-origin', what: 'open to all', verdict: 'no', target: lambda, store: behindCdn },
    facts: copy({ isPublic: true }),
  },
  {
    ...{ rule: 'gateway-region', what: 'a stage that someone deleted', verdict: 'no' },
    target: { ...lambda, endpoint: 'http-api' },
    facts: around({ gateway: { region: 'eu-west-1', missing: ['the HTTP API'] } }),
  },
  ...(
    [
      ['yes', 'westeurope'],
      ['no', 'northeurope'],
    ] as const
  ).map(([verdict, region]) => ({
    ...{ rule: 'gateway-region', what: `API Management in ${region}`, verdict },
    target: { ...apps, timeout: 30, gateway: { service: 'acme-apis' } },
    facts: around({ gateway: { region, missing: [] } }),
  })),
  { rule: 'pre-warm', what: 'no promise', verdict: 'unknown', target: lambda },
  {
    ...{ rule: 'pre-warm', what: 'starts within the promise', verdict: 'yes', target: lambda },
    facts: { measured, wishes: { p95Ms: 1000 } },
  },
  { rule: 'pre-warm', what: 'premium, which has one', verdict: 'yes', target: { ...apps, plan: 'premium' } },
  { rule: 'regions', what: 'a bucket in Europe', verdict: 'yes', target: run, facts: { located: { region: 'eu' } } },
  {
    ...{ rule: 'regions', what: 'a bucket across the sea', verdict: 'unknown', target: run },
    facts: { located: { why: 'storage.buckets.get is missing' } },
  },
  { rule: 'regions', what: 'an account that nobody asked', verdict: 'unknown', target: apps },
  {
    ...{ rule: 'regions', what: 'a bucket across the sea, behind a CDN', verdict: 'yes', target: lambda },
    store: { ...s3, region: 'us-east-1', 'read-url': 'https://cdn.acme.example' },
  },
  ...(['public', 'rest-api'] as const).map((rule) => ({
    ...{ rule, what: 'a REST API with keys', verdict: 'yes' as const },
    target: {
      ...{ ...lambda, endpoint: 'rest-api', timeout: 20, auth: 'none' },
      'rest-api': { plans: [{ name: 'partners', rate: 5, burst: 10, keys: [{ name: 'acme' }] }] },
    },
  })),
  { rule: 'timeouts', what: 'measured', verdict: 'yes', target: lambda, facts: { measured } },
  { rule: 'timeouts', what: 'not measured', verdict: 'unknown', target: lambda },
  { rule: 'memory', what: 'not measured', verdict: 'unknown', target: lambda },
  {
    rule: 'memory',
    what: 'measured',
    verdict: 'yes',
    target: lambda,
    facts: { measured: { ...measured, peakMb: 300 } },
  },
];

function vpc(): Fields {
  return { subnets: ['subnet-12345678'], 'security-groups': ['sg-12345678'] };
}

function image(): Fields {
  const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/digits';
  return { ...lambda, package: 'image', 'image-repository': repository };
}
