import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plannedApimRemoval, removeApim, removeCandidates } from '../../../src/targets/azure-functions/apim-remove.ts';
import { apimNames } from '../../../src/targets/azure-functions/apim-wanted.ts';
import { ApimHarness, functionName } from '../../azure/apim/harness.ts';
import { denied, refused, throttled, unavailable } from '../../azure/arm-error.ts';
import type { Call, Fault } from '../../azure/context.ts';

/*
 * A run meets every kind of trouble once at every call, and must end as if nothing had happened. Killed after any change, the
 * same run once again must leave what an undisturbed run leaves.
 */
const isOurs = ({ path }: Call): boolean => path.includes('/Microsoft.ApiManagement/');

const busy = () => refused(409, 'PessimisticConcurrencyConflict', 'Operation on the API is in progress');
/** What is tried at each call that changes something, and what once at each kind of the others. */
const changing: Fault[] = [busy(), 'lost'];
const reading: Fault[] = [unavailable(), 'unheard', throttled(0)];

const works = {
  'made with its first release': { before: [], work: 'make' },
  'given another revision': { before: ['make'], work: 'change' },
  'given a candidate': { before: ['make'], work: 'candidate' },
  'rid of its candidate': { before: ['make', 'candidate'], work: 'clear' },
  'rid of the candidate of a first release that was blocked': { before: ['candidate'], work: 'clear' },
  'removed with a candidate': { before: ['make', 'change', 'candidate'], work: 'remove' },
} as const;
type Work = 'make' | 'change' | 'candidate' | 'clear' | 'remove';

describe.each(Object.entries(works))('an API that is %s', (_, { before, work }) => {
  let harness: ApimHarness;
  let calls: Call[];
  let left: string[];
  let restore: () => void;

  /** One run. */
  const run = async (what: Work = work, signal?: AbortSignal): Promise<unknown> => {
    const access = harness.access(signal);
    const names = apimNames(harness.settings(), functionName);
    switch (what) {
      case 'make':
        return harness.ensure({ product: 'starter' }, {}, access);
      case 'change':
        return harness.ensure({ product: 'gold', timeout: 100 }, {}, access);
      case 'candidate':
        return harness.ensureCandidate('1.1.0', {}, access);
      case 'clear':
        return removeCandidates(access, names, functionName, new Set(['1.1.0']));
      case 'remove':
        return removeApim(access, names, functionName);
    }
  };
  /** As it was before; nothing is kept of the runs before. */
  const reset = (): void => {
    const { context } = harness.azure;
    context.fault = () => undefined;
    context.onDone = () => {};
    restore();
    harness.azure.calls();
  };

  beforeAll(async () => {
    harness = await ApimHarness.open();
    for (const product of ['starter', 'gold']) harness.state.products.set(product, new Set());
    for (const one of before) await run(one);
    restore = harness.state.snapshot();
    reset();
    await run();
    calls = harness.azure.calls().filter(isOurs);
    left = harness.state.inventory();
  });
  afterAll(() => harness.close());

  it('has one end, whatever goes wrong once at any call', async () => {
    const seen = new Set<string>();
    for (const [at, { mutating, method }] of calls.entries()) {
      const tried = mutating ? changing : seen.has(method) ? [] : reading;
      seen.add(method);
      for (const fault of tried) {
        reset();
        let count = 0;
        harness.azure.context.fault = (call) => (isOurs(call) && count++ === at ? fault : undefined);
        await run();
        const what = `${at} ${method} ${typeof fault === 'string' ? fault : fault.status}`;
        expect([what, harness.state.inventory()]).toEqual([what, left]);
      }
    }
  });

  it('names the permission that is denied, and goes on once it is granted', async () => {
    const actions = new Map(calls.map(({ needs }, at) => [needs[0]?.action ?? '', at]));
    for (const [action, at] of actions) {
      reset();
      let count = 0;
      const { pipeline } = harness.azure;
      harness.azure.context.fault = (call) =>
        isOurs(call) && count++ === at ? denied(pipeline, action, harness.state.id) : undefined;
      const refusal = await run().then(
        () => undefined,
        (error: unknown) => error,
      );
      // Old revisions that may not be removed are no reason to fail a release.
      const isPruning = refusal === undefined && action.endsWith('/delete');
      if (!isPruning) expect(refusal).toMatchObject({ code: 'permission-denied', exit: 8, data: { action } });
      await run();
      expect([action, harness.state.inventory()]).toEqual([action, left]);
    }
  });

  it('is finished by the next run when a run ends after any change', async () => {
    const changes = calls.filter(({ mutating }) => mutating).length;
    for (let after = 1; after <= changes; after++) {
      reset();
      const stop = new AbortController();
      let count = 0;
      harness.azure.context.onDone = (call) => {
        if (isOurs(call) && call.mutating && ++count === after) stop.abort(new Error('ended'));
      };
      await run(work, stop.signal).catch((error: Error) => expect(error.message).toBe('ended'));
      harness.azure.context.onDone = () => {};
      await run();
      expect([after, harness.state.inventory()]).toEqual([after, left]);
    }
  });

  it('changes nothing when it is run once more', async () => {
    reset();
    await run();
    harness.azure.calls();
    await run();
    expect(harness.take().mutating).toEqual([]);
  });
});

describe('what is removed', () => {
  let harness: ApimHarness;
  beforeAll(async () => {
    harness = await ApimHarness.open();
  });
  afterAll(() => harness.close());
  const names = () => apimNames(harness.settings(), functionName);

  it('goes in the order in which one thing holds another, and nothing of the function is left', async () => {
    await harness.ensure();
    await harness.ensureCandidate();
    harness.take();
    const planned = await plannedApimRemoval(harness.access(), names(), functionName);
    expect(planned).toEqual([{ action: 'delete', what: `the API ${functionName} in API Management` }]);
    expect(harness.take().mutating).toEqual([]);
    await removeApim(harness.access(), names(), functionName);
    expect(harness.take().mutating).toEqual([
      ...['apiPolicy_delete', 'backend_delete', 'namedValue_delete', 'api_delete'],
      ...['subscription_delete', 'api_delete', 'backend_delete', 'namedValue_delete'],
    ]);
    expect(harness.state.inventory()).toEqual([]);
  });

  it('is not what someone else has made under these names', async () => {
    await harness.ensure();
    for (const revision of harness.state.find(functionName)?.api.revisions.values() ?? []) {
      revision.properties['description'] = 'Made by hand.';
    }
    const backend = harness.state.backends.get(functionName);
    if (backend) backend['description'] = 'Made by hand.';
    const before = harness.state.inventory();
    expect(await removeApim(harness.access(), names(), functionName)).toEqual([]);
    expect(harness.state.inventory()).toEqual(before);
  });
});
