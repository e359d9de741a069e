import { afterAll, describe, expect, it } from 'vitest';
import { TargetFile } from './target-file.ts';

const file = new TargetFile();
afterAll(() => file.remove());

interface Given {
  target?: readonly string[];
  store?: string;
  model?: string;
  environment?: string;
}

/** Lines 6 to 9; those of a test begin at 10. */
const base = [
  'provider: google-cloud-run',
  'project: acme-prod',
  'region: europe-west1',
  'service-account: digits@acme-prod.iam.gserviceaccount.com',
];
const text = ({ target = [], store = 'gs://acme/models', ...more }: Given) => ({
  ...more,
  store,
  target: [...base, ...target],
});
const load = (given: Given) => file.load(text(given));
const problemsOf = (given: Given) => file.problems(text(given));

const repository = 'artifact-repository: europe-west1-docker.pkg.dev/acme-prod/coldgate';
const digest = `sha256:${'a'.repeat(64)}`;
const many = (count: number, entry: (at: number) => string): string =>
  `{ ${Array.from({ length: count }, (_, at) => entry(at)).join(', ')} }`;
const gateway = (settings: string): string[] => [`gateway: { ${settings} }`];

/** What a target says; the field that is refused, and the limit that the message names. The line is 10 unless given. */
const limits: [string, string[], string, RegExp, number?][] = [
  ['4097 MiB with the default of 1 vCPU', ['memory: 4097'], 'memory', /512 to 4096 with cpu: 1/],
  ['8193 MiB with 2 vCPUs', ['cpu: 2', 'memory: 8193'], 'memory', /512 to 8192 with cpu: 2/, 11],
  ['2047 MiB with 4 vCPUs', ['cpu: 4', 'memory: 2047'], 'memory', /2048 to 16384 with cpu: 4/, 11],
  ['16385 MiB with 4 vCPUs', ['cpu: 4', 'memory: 16385'], 'memory', /2048 to 16384/, 11],
  ['the default of 2048 MiB with 6 vCPUs', ['cpu: 6'], 'memory', /4096 to 24576 with cpu: 6, which is 2048 unless/, 5],
  ['24577 MiB with 6 vCPUs', ['cpu: 6', 'memory: 24577'], 'memory', /4096 to 24576/, 11],
  ['4095 MiB with 8 vCPUs', ['cpu: 8', 'memory: 4095'], 'memory', /4096 to 32768/, 11],
  ['memory above all', ['memory: 32769'], 'memory', /512 to 32768/],
  ['less memory than gen2 takes', ['memory: 511'], 'memory', /512 to 32768/],
  ['3 vCPUs', ['cpu: 3'], 'cpu', /1, 2, 4, 6, 8/],
  ['half a vCPU', ['cpu: 0.5'], 'cpu', /1, 2, 4, 6, 8/],
  ['1001 calls at once', ['concurrency: 1001'], 'concurrency', /1 to 1000/],
  ['no call at once', ['concurrency: 0'], 'concurrency', /1 to 1000/],
  ['a timeout above an hour', ['timeout: 3601'], 'timeout', /1 to 3600/],
  ['more minimum than maximum', ['min-instances: 11'], 'min-instances', /max-instances/],
  ['more minimum than the maximum given', ['max-instances: 2', 'min-instances: 3'], 'min-instances', /max-/, 11],
  ['1001 instances', ['max-instances: 1001'], 'max-instances', /1 to 1000/],
  ['no instances at all', ['max-instances: 0'], 'max-instances', /1 to 1000/],
  ['a third generation', ['execution-environment: gen3'], 'execution-environment', /gen1, gen2/],
  ['a kind that is no more', ['kind: job'], 'kind', /service, function/],
  ['a door that is not there', ['ingress: public'], 'ingress', /all, internal/],
  ['a form of package that Lambda has', ['package: zip'], 'package', /source, image/],
  ['an image without a repository', ['package: image'], 'artifact-repository', /package: image/, 5],
  ['a repository without an image', [repository], 'artifact-repository', /package: image/],
  ['a digest without an image', [`image-digest: ${digest}`], 'image-digest', /package: image/],
  ['a base without an image', [`base-image: debian@${digest}`], 'base-image', /package: image/],
  ['a bucket for an image', ['package: image', repository, 'upload-bucket: acme'], 'upload-bucket', /source/, 12],
  [
    'a base for an image that is there',
    ['package: image', repository, `image-digest: ${digest}`, `base-image: debian@${digest}`],
    'base-image',
    /none beside image-digest/,
    13,
  ],
  ['a base by tag', ['package: image', repository, 'base-image: node:24'], 'base-image', /by digest/, 12],
  ['a digest that is cut', ['package: image', repository, 'image-digest: sha256:12'], 'image-digest', /64 hex/, 12],
  [
    'a repository of another registry',
    ['package: image', 'artifact-repository: ghcr.io/acme/digits'],
    'artifact-repository',
    /Artifact Registry/,
    11,
  ],
  ['a bucket in capitals', ['upload-bucket: Acme'], 'upload-bucket', /Cloud Storage bucket/],
  ['PORT', ['environment-variables: { PORT: "80" }'], 'environment-variables.PORT', /not one of Cloud Run/],
  ['K_REVISION', ['environment-variables: { K_REVISION: x }'], 'environment-variables.K_REVISION', /not one of/],
  [
    'FUNCTION_TARGET',
    ['environment-variables: { FUNCTION_TARGET: x }'],
    'environment-variables.FUNCTION_TARGET',
    /not/,
  ],
  [
    'COLDGATE_REVISION',
    ['environment-variables: { COLDGATE_REVISION: x }'],
    'environment-variables.COLDGATE_REVISION',
    /not/,
  ],
  [
    'a variable above 32768 bytes',
    [`environment-variables: { LONG: "${'ü'.repeat(16_385)}" }`],
    'environment-variables.LONG',
    /32768 bytes, got 32770/,
  ],
  [
    '951 variables',
    [`environment-variables: ${many(951, (at) => `V${at}: x`)}`],
    'environment-variables',
    /at most 950 entries, got 951/,
  ],
  ['K_SERVICE', ['environment-variables: { K_SERVICE: x }'], 'environment-variables.K_SERVICE', /not one of/],
  ['X_GOOGLE_x', ['environment-variables: { X_GOOGLE_A: x }'], 'environment-variables.X_GOOGLE_A', /not one of/],
  ['HOST', ['environment-variables: { HOST: x }'], 'environment-variables.HOST', /not one of/],
  ['a CPU of another kind', ['architecture: arm64'], 'architecture', /no known field/],
  ['61 labels', [`labels: ${many(61, (at) => `l${at}: x`)}`], 'labels', /at most 60 entries/],
  ['a label of ours', ['labels: { coldgate: x }'], 'labels.coldgate', /neither with coldgate/],
  ['a label of Google’s', ['labels: { goog-x: x }'], 'labels.goog-x', /goog/],
  ['a label key of 64 characters', [`labels: { ${'k'.repeat(64)}: x }`], `labels.${'k'.repeat(64)}`, /label key/],
  ['a label in capitals', ['labels: { team: ML }'], 'labels.team', /lower-case/],
  ['a label of 64 characters', [`labels: { team: ${'a'.repeat(64)} }`], 'labels.team', /at most 63/],
  ['a gateway without a settled issuer', gateway('auth: jwt'), 'gateway.auth', /issuer and audience/],
  ['an issuer that is not asked', gateway('jwt: { issuer: "https://i.example", audience: [a] }'), 'gateway.jwt', /jwt/],
  [
    'an issuer over http',
    gateway('auth: jwt, jwt: { issuer: "http://i.example", audience: [a] }'),
    'gateway.jwt.issuer',
    /https/,
  ],
  [
    'a token without anyone to be for',
    gateway('auth: jwt, jwt: { issuer: "https://i.example", audience: [] }'),
    'gateway.jwt.audience',
    /1 to 50/,
  ],
  ['an audience for keys', gateway('audience: [a]'), 'gateway.audience', /google-id-token/],
  ['a Firebase project for keys', gateway('firebase-project: acme-app'), 'gateway.firebase-project', /firebase/],
  ['a quota for tokens', gateway('auth: firebase, quota-per-minute: 60'), 'gateway.quota-per-minute', /auth: api-key/],
  ['a quota of nothing', gateway('quota-per-minute: 0'), 'gateway.quota-per-minute', /1 to 10000000/],
  ['a deadline above ten minutes', gateway('deadline: 601'), 'gateway.deadline', /1 to 600/],
  ['a negative deadline', gateway('deadline: -1'), 'gateway.deadline', /1 to 600/],
  ['51 audiences', gateway(`auth: google-id-token, audience: [${'a, '.repeat(50)}a]`), 'gateway.audience', /1 to 50/],
  ['a deadline of 0, which would be 15 s', gateway('deadline: 0'), 'gateway.deadline', /1 to 600/],
  ['a gateway of 50 characters', gateway(`name: ${'g'.repeat(50)}`), 'gateway.name', /at most 49/],
  ['a way round the gateway', ['auth: none', 'gateway: {}'], 'auth', /go round it/],
  ['a gateway before a closed door', ['ingress: internal', 'gateway: {}'], 'ingress', /come from outside/],
  ['a batch that everyone could start', ['auth: none', 'batch: { bucket: acme }'], 'auth', /anyone could send/],
  [
    'a batch of its own results',
    ['batch: { bucket: acme, prefix: results/x }'],
    'batch.prefix',
    /outside of output-prefix/,
  ],
  ['a bucket in a place of capitals', ['batch: { bucket: acme, location: EU }'], 'batch.location', /location of a/],
  ['calls that outlast a push', ['timeout: 600', 'queue: {}'], 'timeout', /less than 600/],
  [
    'fewer messages at a time than instances',
    ['max-instances: 20', 'queue: { max-concurrency: 10 }'],
    'queue.max-concurrency',
    /at least max-instances/,
    11,
  ],
  ['too few deliveries', ['queue: { attempts: 5 }'], 'queue.attempts', /20 to 100/],
  ['a batch without a bucket', ['batch: { prefix: in/ }'], 'batch.bucket', /Cloud Storage bucket/],
  ['steps that are no shares', ['shift: { steps: [0] }'], 'shift.steps[0]', /1 to 99/],
];

describe('limits of Cloud Run and API Gateway', () => {
  it.each(limits)('refuses %s', async (_name, target, path, message, line = 10) => {
    expect(await problemsOf({ target })).toEqual([{ path, line, message: expect.stringMatching(message) }]);
  });

  it.each([
    ['the smallest', ['memory: 512']],
    ['the largest of each', ['cpu: 8', 'memory: 32768', 'concurrency: 1000', 'timeout: 3600', 'max-instances: 1000']],
    ['four vCPUs at their least', ['cpu: 4', 'memory: 2048']],
    ['an image of ours', ['package: image', repository]],
    ['an image of theirs', ['package: image', `${repository}/digits`, `image-digest: ${digest}`]],
    ['an image that is not built yet', ['package: image', repository, 'image-digest: ""']],
    ['a gateway with all it has', gateway('name: digits, quota-per-minute: 60, deadline: 600, cors: true')],
    ['a gateway for an issuer', gateway('auth: jwt, jwt: { issuer: "https://i.example", audience: [a] }')],
    ['a variable of 32768 bytes', [`environment-variables: { LONG: "${'a'.repeat(32_768)}" }`]],
    ['a queue', ['max-instances: 50', 'queue: { attempts: 30, keep-days: 3 }']],
    ['uploads and steps', ['batch: { bucket: acme }', 'shift: { steps: [10, 50], wait-seconds: 0 }']],
  ])('takes %s', async (_name, target) => {
    const { environments } = await load({ target });
    expect(environments['production']?.target.provider).toBe('google-cloud-run');
  });

  it('names all that is wrong at once, in the order of the file', async () => {
    const target = ['cpu: 1', 'memory: 8192', 'package: image', 'timeout: 4000', 'gateway: { deadline: 900 }'];
    const found = await problemsOf({ target, store: 'gs://acme/models', model: 'a.b' });
    expect(found.map(({ path, line }) => [path, line])).toEqual([
      ['artifact-repository', 5],
      ['memory', 11],
      ['timeout', 13],
      ['gateway.deadline', 14],
      ['models.a.b', 16],
    ]);
  });
});

describe('what Cloud Run demands of names and stores', () => {
  it('takes 38 characters for a service, and no more', async () => {
    await expect(load({ model: 'm'.repeat(38 - '-production'.length) })).resolves.toBeDefined();
    const model = 'm'.repeat(39 - '-production'.length);
    const [problem, ...others] = await problemsOf({ model });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path: `models.${model}`, line: 11 });
    expect(problem?.message).toMatch(/39 characters\), expected a letter first and at most 38/);
  });

  it.each(['digits.v2', 'digits_v2', '2digits'])('refuses a service of the model %s', async (model) => {
    expect(await problemsOf({ model })).toMatchObject([{ line: 11, message: expect.stringMatching(/lower-case/) }]);
  });

  it('takes bodies of 32 MiB for what runs there, and no more', async () => {
    const limited = (kb: number) => problemsOf({ model: `digits:\n    handler: { max-payload-kb: ${kb} }\n    # ` });
    const message = expect.stringMatching(/at most 32768, .*, got 32769/);
    expect(await limited(32_769)).toEqual([{ path: 'models.digits.handler.max-payload-kb', line: 12, message }]);
    await expect(load({ model: 'digits:\n    handler: { max-payload-kb: 32768 }\n    # ' })).resolves.toBeDefined();
  });

  it('wants a bucket for archives where the store is elsewhere', async () => {
    const store = 's3://acme/models';
    expect(await problemsOf({ store })).toMatchObject([{ path: 'upload-bucket', line: 5 }]);
    await expect(load({ store, target: ['upload-bucket: acme-uploads'] })).resolves.toBeDefined();
    await expect(load({ store, target: ['package: image', repository] })).resolves.toBeDefined();
  });
});
