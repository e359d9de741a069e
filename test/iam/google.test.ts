import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeWith } from '../emulators/servers.ts';
import { fakeGcsBucket, fakeGcsEnvironment } from '../fakes/stores/fake-gcs.ts';
import { run } from '../fixtures/iam-config.ts';
import { comparesEveryVerb } from './every-verb.ts';
import { celCondition, googleAccesses, googleGrants } from './google-requests.ts';

describe('the evaluator of conditions', () => {
  it('knows names, beginnings and ends, and nothing else', () => {
    const both = celCondition(
      '(resource.name.startsWith("a/") && resource.name.endsWith(".x")) || resource.name == "b"',
    );
    expect([both('a/1.x'), both('a/1.y'), both('b'), both('bb')]).toEqual([true, false, true, false]);
    const part = celCondition('resource.name.extract("v/{part}pr.") != ""');
    expect([part('v/1-pr.2'), part('v/1-rc.2'), part('w/1-pr.2')]).toEqual([true, false, false]);
    expect(() => celCondition('resource.type == "b"')).toThrow('does not know');
    expect(() => celCondition('process.exit()')).toThrow('does not know');
  });
});

describeWith('fake-gcs', 'what verbs ask of Google Cloud Storage, and what coldgate iam grants', (server) => {
  fakeGcsEnvironment();
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-key-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Links are signed by a key file here: Google's own signatures are compared in links.test.ts. */
  const keyFile = (): string => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const account = 'coldgate-pipeline-production@acme-prod.iam.gserviceaccount.com';
    const path = join(folder, 'key.json');
    writeFileSync(path, JSON.stringify({ type: 'service_account', client_email: account, private_key: key }));
    return path;
  };

  comparesEveryVerb({
    server,
    settings: fakeGcsBucket,
    env: () => ({ GOOGLE_APPLICATION_CREDENTIALS: keyFile() }),
    accesses: googleAccesses,
    grants: googleGrants,
    functionTarget: run,
  });
});
