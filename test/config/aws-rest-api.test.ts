import { afterAll, describe, expect, it } from 'vitest';
import { TargetFile } from './target-file.ts';

const file = new TargetFile();
afterAll(() => file.remove());
const basics = ['provider: aws-lambda', 'region: eu-west-1', 'role: arn:aws:iam::123456789012:role/coldgate'];
const store = 's3://acme-models/models';
const secret = 'AKsecretsecretsecretsecret';

/** The settings of the API begin at line 11, those of the target that stand beside it come after. */
const lines = (api: readonly string[], target: readonly string[] = []) => [
  ...[...basics, 'endpoint: rest-api', ...(api.length > 0 ? ['rest-api:'] : []), ...api.map((line) => `  ${line}`)],
  ...target,
];
const problemsOf = async (api: readonly string[], target?: readonly string[]) =>
  (await file.problems({ target: lines(api, target), store })).map(({ path, line, message }) => [path, line, message]);
const plan = (more: string) => `plans: [{ name: partners, ${more} }]`;
const keys = (key: string) => plan(`rate: 5, burst: 10, keys: [${key}]`);
const certificate = 'certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/1a2b"';

describe('the settings of a REST API', () => {
  it('are taken as they are meant, with what they are by default', async () => {
    const target = lines([
      'plans:',
      '  - { name: partners, rate: 5, burst: 10, quota: { limit: 1000, period: day }, keys: [{ name: acme }] }',
      '  - { name: own, rate: 50, burst: 100, keys: [{ name: web, value-from: WEB_API_KEY }] }',
      'cache: {}',
      `domain: { name: api.example.org, ${certificate}, trust-store: "s3://trust/clients.pem" }`,
    ]);
    const { environments } = await file.load({ target, store });
    expect(environments['production']?.target).toMatchObject({
      endpoint: 'rest-api',
      restApi: {
        stage: 'live',
        plans: [{ keys: [{ name: 'acme' }] }, { keys: [{ name: 'web', valueFrom: 'WEB_API_KEY' }] }],
        cache: { size: 0.5, seconds: 300 },
        domain: { trustStore: 's3://trust/clients.pem' },
      },
    });
  });

  it.each([
    [
      'a plan faster than its stage',
      plan('rate: 60, burst: 10'),
      'rest-api.plans[0].rate',
      /at most 50, throttle\.rate/,
    ],
    ['a burst above that of the stage', plan('rate: 5, burst: 70'), 'rest-api.plans[0].burst', /at most 60/],
    [
      'a quota that the rate never reaches',
      plan('rate: 1, burst: 10, quota: { limit: 100000, period: day }'),
      'rest-api.plans[0].quota.limit',
      /at most 86410, all that rate and burst let through in a day/,
    ],
    [
      'a quota of an hour',
      plan('rate: 1, burst: 1, quota: { limit: 1, period: hour }'),
      'rest-api.plans[0].quota.period',
      /day/,
    ],
    ['two keys of one name', keys('{ name: a }, { name: a }'), 'rest-api.plans[0].keys[1].name', /no other key has/],
    [
      'a plan by Coldgate’s own name',
      plan('rate: 1, burst: 1').replace('partners', 'coldgate'),
      'rest-api.plans[0].name',
      /other than coldgate/,
    ],
    ['the stage that AWS has for trials', 'stage: test-invoke-stage', 'rest-api.stage', /letters, digits and "_"/],
    ['a cache of a size that there is not', 'cache: { size: 1 }', 'rest-api.cache.size', /0\.5/],
    [
      'a web ACL of CloudFront',
      'web-acl: "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"',
      'rest-api.web-acl',
      /regional/,
    ],
    [
      'a trust store without its bucket',
      `domain: { name: api.example.org, ${certificate}, trust-store: clients.pem }`,
      'rest-api.domain.trust-store',
      /s3:/,
    ],
    [
      'a version of no trust store',
      `domain: { name: api.example.org, ${certificate}, trust-store-version: v1 }`,
      'rest-api.domain.trust-store-version',
      /trust-store/,
    ],
    [
      'a domain with a scheme',
      `domain: { name: "https://api.example.org", ${certificate} }`,
      'rest-api.domain.name',
      /host name/,
    ],
  ])('are refused with their line: %s', async (_what, line, path, message) => {
    const throttle = ['throttle: { rate: 50, burst: 60 }'];
    expect(await problemsOf([line], throttle)).toEqual([[path, 11, expect.stringMatching(message)]]);
  });

  it('are held to what a stage has without throttle', async () => {
    expect(await problemsOf([plan('rate: 20000, burst: 10')])).toEqual([
      ['rest-api.plans[0].rate', 11, expect.stringMatching(/at most 10000, what the stage has without throttle/)],
    ]);
  });

  it.each([
    ['as a value', `{ name: acme, value: ${secret} }`, 'value'],
    ['as the name of a variable', `{ name: acme, value-from: ${secret} }`, 'value-from'],
  ])('hold no key, whose text no message shows: %s', async (_what, key, field) => {
    const problems = await problemsOf([keys(key)]);
    expect(problems).toContainEqual([
      ...[`rest-api.plans[0].keys[0].${field}`, 11],
      expect.stringMatching(/no place for secrets|the name of an environment variable/),
    ]);
    expect(JSON.stringify(problems)).not.toContain(secret);
  });

  it('are those of endpoint: rest-api alone, whose calls end after 29 s', async () => {
    const other = [...basics, 'endpoint: http-api', 'rest-api: { stage: live }'];
    expect(await file.problems({ target: other, store })).toMatchObject([{ path: 'rest-api', line: 10 }]);
    expect(await problemsOf([], ['timeout: 30'])).toEqual([['timeout', 10, expect.stringMatching(/at most 29/)]]);
    expect(await problemsOf([], ['auth: jwt'])).toMatchObject([['auth', 10, expect.stringMatching(/http-api/)]]);
  });
});
