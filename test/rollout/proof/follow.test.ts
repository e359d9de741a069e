import { describe, expect, it } from 'vitest';
import { type FollowLimits, type FollowOptions, proveFollowing } from '../../../src/rollout/proof/follow.ts';
import type { Answer } from '../../../src/rollout/proof/http.ts';

const sha256 = 'a'.repeat(64);
const old = { version: '1.0.0', sha256: 'b'.repeat(64) };
const next = { version: '1.1.0', sha256 };
const timeoutMs: FollowLimits = { loadingMs: 400, refusalMs: 50 };

/** Follows a function whose health says this of its model and its pointer, from one question to the next. */
function following(
  health: (requests: number) => Record<string, unknown>,
  more: FollowLimits = timeoutMs,
): Promise<void> {
  let requests = 0;
  const send = async (): Promise<Answer> => ({
    status: 200,
    headers: {},
    body: { sample: 'none', ...health(requests++) },
  });
  const expected = { ...next, revision: undefined, sample: undefined };
  const signal = new AbortController().signal;
  const options: FollowOptions = { refreshSeconds: 0, isRunning: () => true, signal, limits: more };
  return proveFollowing({ url: 'http://live', send }, expected, options);
}

const failed = (code: string) => ({ model: old, pointer: { status: 'failed', code } });
const followed = { model: next, pointer: { status: 'current' } };

describe('waiting for a function to follow its pointer', () => {
  it.each(['store-unavailable', 'store-denied'])('outlasts %s, which says nothing of the version', async (code) => {
    await following((requests) => (requests < 4 ? failed(code) : followed), { loadingMs: 60_000, refusalMs: 50 });
  });

  it.each(['checksum-mismatch', 'pointer-mismatch', 'sample-mismatch', 'model-unusable', 'model-not-found'])(
    'ends with %s, which is a refusal of the version',
    async (code) => {
      const refusal = { code: 'pointer-refused', exit: 7, data: { code } };
      await expect(following(() => failed(code), { loadingMs: 60_000, refusalMs: 50 })).rejects.toMatchObject(refusal);
    },
  );

  it('says in the end that the store could not be read, and calls it no refusal', async () => {
    const trouble = { code: 'pointer-unread', exit: 7, data: { code: 'store-unavailable' } };
    await expect(following(() => failed('store-unavailable'))).rejects.toMatchObject(trouble);
  });

  it('takes a refusal of the move before for none, where it passes', async () => {
    const late = { loadingMs: 60_000, refusalMs: 60_000 };
    await following((requests) => (requests === 0 ? failed('sample-mismatch') : followed), late);
  });
});
