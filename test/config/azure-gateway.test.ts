import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { exitCodes, InputError } from '../../src/errors.ts';
import { tinyModel } from '../fixtures/onnx.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-azure-gateway-'));
  mkdirSync(join(folder, 'models'));
  writeFileSync(join(folder, 'models/digits.onnx'), tinyModel());
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The settings of the gateway begin at line 13, those of the target that stand beside it come before. */
function load(gateway: readonly string[], target: readonly string[] = []) {
  const [service = ''] = [...gateway.filter((line) => line.startsWith('service:')), 'service: acme-apis'];
  const others = gateway.filter((line) => line !== service);
  const text = `schema: 1
environments:
  production:
    store: azure://acmemodels/models
    target:
      provider: azure-functions
      subscription: 0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f
      resource-group: acme
      location: westeurope
      storage-account: acmefunctions
${target.map((line) => `      ${line}\n`).join('')}      gateway:
        ${service}
${others.map((line) => `        ${line}\n`).join('')}models:
  digits:
    version: 1.0.0
    files: { model.onnx: models/digits.onnx }
`;
  const file = join(folder, 'models.yaml');
  writeFileSync(file, text);
  return loadConfig(file, {});
}

async function problemsOf(gateway: readonly string[], target?: readonly string[]) {
  const error = await load(gateway, target).catch((e: unknown) => e);
  if (!(error instanceof InputError)) throw error ?? new Error('nothing was found wrong');
  expect([error.code, error.exit]).toEqual(['bad-config', exitCodes.usage]);
  return error.problems.map(({ path, line, message, hint, file }) => {
    expect(file).toMatch(/models\.yaml$/);
    expect(hint ?? '').not.toMatch(/undefined|\[object/);
    return { path: path.replace('environments.production.target.', ''), line, message };
  });
}

const jwt = (audience: string) =>
  `jwt: { openid-config: "https://login.example/.well-known/openid-configuration", audience: [${audience}] }`;

/** What the gateway says; the field that is refused, and the limit that the message names. */
const limits: [string, string, string, RegExp][] = [
  ['a service of one character too many', `service: ${'a'.repeat(51)}`, 'gateway.service', /API Management service/],
  ['a service that ends with a hyphen', 'service: acme-', 'gateway.service', /API Management service/],
  ['an id with a dot', 'name: digits.v1', 'gateway.name', /letters, digits and "-"/],
  ['an id of 61 characters', `name: ${'a'.repeat(61)}`, 'gateway.name', /at most 60/],
  ['a path with a slash at its end', 'path: models/', 'gateway.path', /without a slash at its ends/],
  ['a path that climbs', 'path: a/../b', 'gateway.path', /URL path/],
  ['a path with a revision', 'path: "digits;rev=2"', 'gateway.path', /URL path/],
  ['a path of 101 characters', `path: ${'a'.repeat(101)}`, 'gateway.path', /at most 100/],
  ['a product with a slash', 'product: a/b', 'gateway.product', /id of a product/],
  [
    'a limit of more than 300 seconds',
    'rate-limit: { calls: 1, seconds: 301 }',
    'gateway.rate-limit.seconds',
    /1 to 300/,
  ],
  ['a limit of no call', 'rate-limit: { calls: 0, seconds: 60 }', 'gateway.rate-limit.calls', /1 to 1000000/],
  ['a limit without a time', 'rate-limit: { calls: 5 }', 'gateway.rate-limit.seconds', /whole number/],
  ['a cache of more than a day', 'cache-seconds: 86401', 'gateway.cache-seconds', /0 to 86400/],
  ['a time-out that is not honoured', 'timeout: 241', 'gateway.timeout', /1 to 240/],
  [
    'an issuer without TLS',
    'jwt: { openid-config: "http://login.example/x", audience: [a] }',
    'gateway.jwt.openid-config',
    /https:/,
  ],
  [
    'an issuer with a named value',
    'jwt: { openid-config: "https://{{a}}/x", audience: [a] }',
    'gateway.jwt.openid-config',
    /\{\{/,
  ],
  ['tokens for nobody', jwt(''), 'gateway.jwt.audience', /1 to 50/],
  [
    'an audience that is an expression',
    jwt('"@(context.Request.Body.As<string>())"'),
    'gateway.jwt.audience[0]',
    /@\(/,
  ],
  ['an audience with a named value', jwt('"api-{{digits-key}}"'), 'gateway.jwt.audience[0]', /\{\{/],
  ['an unknown setting', 'throttle: 1', 'gateway.throttle', /no known field/],
];

describe('the gateway of an Azure target in models.yaml', () => {
  it('is API Management with keys, no cache and no limit unless it says otherwise', async () => {
    const config = await load([]);
    const target = config.environments['production']?.target;
    expect(target).toMatchObject({ gateway: { service: 'acme-apis', subscriptionRequired: true, cacheSeconds: 0 } });
  });

  it.each(limits)('refuses %s, with file, line and field', async (what, line, path, message) => {
    const found = await problemsOf([line]);
    const at = line.startsWith('service:') ? 12 : 13;
    expect([what, found]).toEqual([what, [{ path, line: at, message: expect.stringMatching(message) }]]);
  });

  it('refuses what callers could go round, and a product without keys, all at once', async () => {
    const found = await problemsOf(['subscription-required: false', 'product: starter'], ['auth: anonymous']);
    expect(found).toEqual([
      { path: 'auth', line: 11, message: expect.stringContaining('function') },
      { path: 'gateway.product', line: 15, message: expect.stringContaining('subscription') },
    ]);
  });
});
