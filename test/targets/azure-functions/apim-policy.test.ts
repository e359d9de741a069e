import { describe, expect, it } from 'vitest';
import { apimPolicy, holdingPolicy, type PolicyRules } from '../../../src/targets/azure-functions/apim-policy.ts';
import { readPolicy } from '../../azure/apim/policy-xml.ts';

const plain: PolicyRules = {
  ...{ origins: [], jwt: undefined, rateLimit: undefined, subscriptionRequired: true, cacheSeconds: 0 },
  ...{ timeout: 65, backend: 'digits' },
};
const whole: PolicyRules = {
  ...plain,
  origins: ['https://app.example'],
  jwt: { openidConfig: 'https://login.example/.well-known/openid-configuration?a=1&b=2', audience: ['digits'] },
  rateLimit: { calls: 10, seconds: 60 },
  cacheSeconds: 300,
};
const namesOf = (rules: PolicyRules) =>
  readPolicy(apimPolicy(rules, 'd'), 'Developer').sections.inbound.map(({ name }) => name);

describe('the policies of a revision', () => {
  it.each(['Developer', 'Basic', 'StandardV2', 'Premium'])('are all known to the tier %s', (tier) => {
    for (const rules of [plain, whole, { ...whole, subscriptionRequired: false }]) {
      expect(readPolicy(apimPolicy(rules, 'd'), tier).problems).toEqual([]);
    }
    expect(readPolicy(holdingPolicy('d'), tier).problems).toEqual([]);
  });

  it('are in order: CORS first, then those of above, token, limit, cache, and the backend last', () => {
    expect(namesOf(whole)).toEqual([
      ...['cors', 'base', 'validate-jwt', 'rate-limit', 'choose', 'set-backend-service', 'set-header', 'set-header'],
    ]);
    expect(namesOf(plain)).toEqual(['base', 'set-backend-service', 'set-header', 'set-header']);
  });

  it('count by address where no one subscribes', () => {
    expect(namesOf({ ...whole, subscriptionRequired: false })).toContain('rate-limit-by-key');
  });

  it.each([
    ['a cache', { cacheSeconds: 60 }, 'cache-lookup'],
    ['a limit by address', { rateLimit: { calls: 1, seconds: 1 }, subscriptionRequired: false }, 'rate-limit-by-key'],
  ])('with %s are refused by the tier Consumption', (_, more, name) => {
    const { problems } = readPolicy(apimPolicy({ ...plain, ...more }, 'd'), 'Consumption');
    expect(problems.join('\n')).toMatch(new RegExp(`'${name}'.*not allowed in the tier Consumption`));
  });

  it('have every text escaped, whatever is in it', () => {
    const audience = ['a"/><set-backend-service base-url="http://evil"/>', "b' & <c>", '&lt;'];
    const jwt = { openidConfig: 'https://login.example/?x="/><base/>&y=1', audience };
    const read = readPolicy(apimPolicy({ ...plain, jwt, origins: ['https://a.example"><x/>'] }, 'd'), 'Developer');
    expect(read.problems).toEqual([]);
    expect(read.backends).toEqual(['digits']);
    const [token] = read.sections.inbound.filter(({ name }) => name === 'validate-jwt');
    expect(token?.inside[0]?.attributes['url']).toBe(jwt.openidConfig);
    expect(token?.inside[1]?.inside.map(({ text }) => text)).toEqual(audience);
  });
});

/** The reader is only worth something if it finds faults. */
describe('what a service does not take of a policy', () => {
  const around = (inbound: string) => `<policies><inbound>${inbound}</inbound></policies>`;
  it.each([
    ['no XML', '<policies><inbound></policies>', /line 1/],
    ['a policy that is none', around('<throttle />'), /is not known/],
    ['a policy elsewhere', around('<forward-request timeout="1" />'), /not allowed in this section/],
    ['an attribute that is none', around('<set-backend-service backend-id="a" url="b" />'), /unknown attribute url/],
    ['a missing attribute', around('<rate-limit calls="1" />'), /renewal-period is required/],
    ['a long period', around('<rate-limit calls="1" renewal-period="301" />'), /above 300/],
    ['a policy twice', around('<base /><base />'), /may be used once/],
    [
      'another order',
      around('<validate-jwt header-name="a"><audiences /><openid-config url="b" /></validate-jwt>'),
      /another order/,
    ],
    ['another section', '<policies><outwards /></policies>', /unknown section/],
  ])('is %s', (_, xml, problem) => {
    expect(readPolicy(xml, 'Developer').problems.join('\n')).toMatch(problem);
  });
});
