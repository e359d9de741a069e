import { describe, expect, it } from 'vitest';
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
  comparesEveryVerb({
    server,
    settings: fakeGcsBucket,
    accesses: googleAccesses,
    grants: googleGrants,
    functionTarget: run,
  });
});
