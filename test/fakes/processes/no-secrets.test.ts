import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { assertNoSecrets, secretsOf } from './no-secrets.ts';
import { runNode } from './runner.ts';

const secret = 'wJalrXUtnFEMI-K7MDENG';
const leaking = (what: string): string[] => ['-e', `console.log('got ' + ${what})`];

describe('what processes of all suites say', () => {
  it('is searched for the secrets that they were given, in every form', async () => {
    const env = { AWS_SECRET_ACCESS_KEY: secret };
    const plain = runNode(leaking('process.env.AWS_SECRET_ACCESS_KEY'), tmpdir(), env);
    await expect(plain).rejects.toThrow('printed the value of AWS_SECRET_ACCESS_KEY');
    const encoded = "Buffer.from(process.env.AWS_SECRET_ACCESS_KEY).toString('base64')";
    await expect(runNode(leaking(encoded), tmpdir(), env)).rejects.toThrow('AWS_SECRET_ACCESS_KEY');
    expect((await runNode(leaking("'nothing'"), tmpdir(), env)).stdout).toBe('got nothing\n');
  });

  it('counts keys in connection strings and tokens, but no places and no masks', () => {
    const connection = `AccountName=a;AccountKey=${secret};BlobEndpoint=http://127.0.0.1`;
    const env = {
      AZURE_STORAGE_CONNECTION_STRING: connection,
      INPUT_TOKEN: 'ghs_0123456789ab',
      X_TOKEN_FILE: '/a/long/path',
    };
    expect(secretsOf(env)).toEqual({ AZURE_STORAGE_CONNECTION_STRING: secret, INPUT_TOKEN: 'ghs_0123456789ab' });
    expect(() => assertNoSecrets('::add-mask::ghs_0123456789ab\nhello', env)).not.toThrow();
    expect(() => assertNoSecrets('token ghs_0123456789ab', env)).toThrow('INPUT_TOKEN');
  });
});
