import { describe, expect, it } from 'vitest';
import { checkCredentialWords, checkToken } from '../../src/credential-words.ts';
import { ColdgateError } from '../../src/errors.ts';

const variables: Record<string, string[]> = {
  s3: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_ENDPOINT_URL_S3'],
  'aws-lambda': ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ROLE_ARN', 'AWS_ENDPOINT_URL_LAMBDA'],
  gs: ['GOOGLE_APPLICATION_CREDENTIALS', 'STORAGE_EMULATOR_HOST'],
  azure: ['AZURE_STORAGE_CONNECTION_STRING', 'AZURE_CLIENT_SECRET', 'AZURE_TENANT_ID', 'IDENTITY_HEADER'],
};
const every = Object.entries(variables).flatMap(([kind, names]) =>
  [...names, 'HTTPS_PROXY', 'http_proxy'].map((name) => [kind, name] as const),
);

const value = 'http://5ecretValue';
const wrong: [string, string][] = [
  [`${value}\n`, 'ends with a line break'],
  [`${value}\r\n`, 'ends with a line break'],
  [`${value}\nmore`, 'holds a line break'],
  [`${value}\0`, 'control character'],
  [`\ufeff${value}`, 'control character'],
  [`${value}\u2028x`, 'control character'],
  [` ${value}`, 'blank'],
  [`${value}\t`, 'control character'],
  [`${value}\u00a0`, 'blank'],
  [`"${value}"`, 'quotes'],
  [`'${value}'`, 'quotes'],
];

const fault = (work: () => void): ColdgateError => {
  try {
    work();
  } catch (error) {
    if (error instanceof ColdgateError) return error;
    throw error;
  }
  throw new Error('nothing was found wrong');
};

describe('credentials that cannot be right', () => {
  it.each(every)('for %s are named, never shown: %s', (kind, name) => {
    for (const [text, why] of wrong) {
      const error = fault(() => checkCredentialWords([kind], { [name]: text }));
      expect(error).toMatchObject({ code: 'bad-credentials', exit: 8 });
      expect(error.message).toMatch(new RegExp(`^${name} cannot be right: .*${why}`));
      expect(JSON.stringify(error) + error.message + error.hint).not.toContain('5ecret');
    }
    expect(() => checkCredentialWords([kind], { [name]: value, NO_PROXY: 'a, b ' })).not.toThrow();
  });

  it('are all told at once, of what is opened alone', () => {
    const env = { AWS_ACCESS_KEY_ID: 'a\n', AZURE_CLIENT_SECRET: 'b\n', HTTP_PROXY: 'proxy:3128' };
    const { message } = fault(() => checkCredentialWords(['s3', 'local'], env));
    expect(message.split('\n').map((line) => line.split(' ')[0])).toEqual(['AWS_ACCESS_KEY_ID', 'HTTP_PROXY']);
    expect(() => checkCredentialWords(['file', 'local'], env)).not.toThrow();
  });

  it('are not what a wrong proxy is taken for', () => {
    const { message, hint } = fault(() => checkCredentialWords(['s3'], { HTTPS_PROXY: 'user:5ecret@proxy:3128' }));
    expect(message).toMatch(/^HTTPS_PROXY cannot be right/);
    expect(hint).toMatch(/address of the proxy, or unset/);
    expect(message + hint).not.toContain('5ecret');
  });

  it('may be a token of GitHub', () => {
    for (const text of ['ghs_1\nx', 'ghs_1 x', '"ghs_1"']) {
      expect(fault(() => checkToken('input token', text)).message).toMatch(/^input token cannot be right/);
    }
    expect(() => checkToken('input token', 'ghs_1')).not.toThrow();
  });
});
