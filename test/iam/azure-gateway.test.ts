import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { azurePermissions } from '../../src/iam/azure/permissions.ts';
import { withApim } from '../../src/targets/azure-functions/apim-observe.ts';
import { removeApim, removeCandidates } from '../../src/targets/azure-functions/apim-remove.ts';
import { restoreFormer } from '../../src/targets/azure-functions/apim-restore.ts';
import { apimNames } from '../../src/targets/azure-functions/apim-wanted.ts';
import { ApimHarness, functionName } from '../azure/apim/harness.ts';

/* What the gateway asks for is what coldgate iam prints, and nothing else is printed. */
describe('rights on API Management', () => {
  let harness: ApimHarness;
  beforeAll(async () => {
    harness = await ApimHarness.open();
    for (const product of ['starter', 'gold']) harness.state.products.set(product, new Set());
    // An operation's results are asked for where an import takes its time.
    Object.assign(harness.azure.knobs, { looks: 1 });
  });
  afterAll(() => harness.close());

  const listed = (...operations: string[]): string[] =>
    azurePermissions
      .filter((one) => one.place === 'gateway' && one.operations.some((operation) => operations.includes(operation)))
      .map(({ action }) => action.toLowerCase());
  const needed = (): Set<string> =>
    new Set(
      harness.azure
        .calls()
        .flatMap(({ needs }) => needs.map(({ action }) => action.toLowerCase()))
        .filter((action) => action.startsWith('microsoft.apimanagement/')),
    );

  it('are those that are printed, by what is done, and all of them', async () => {
    const all = new Set<string>();
    const within = (...operations: string[]): void => {
      const found = needed();
      expect([...found].filter((action) => !listed(...operations).includes(action))).toEqual([]);
      for (const action of found) all.add(action);
    };
    const names = apimNames(harness.settings(), functionName);
    await harness.ensure({ product: 'starter' });
    await harness.ensure({ product: 'gold' }, { notes: 'l-2' });
    await harness.ensureCandidate();
    await restoreFormer(harness.access(), names, functionName, 'l-2');
    within('look', 'place');
    await removeCandidates(harness.access(), names, functionName, new Set(['1.1.0']));
    within('look', 'clear');
    await removeApim(harness.access(), names, functionName);
    within('look', 'remove');
    await harness.ensureCandidate();
    within('look', 'place');
    await removeCandidates(harness.access(), names, functionName, new Set(['1.1.0']));
    within('look', 'clear');
    const operations = ['look', 'place', 'clear', 'remove'];
    expect([...all].sort()).toEqual([...new Set(listed(...operations))].sort());
  });

  it('are few for who only looks', async () => {
    await harness.ensure();
    harness.azure.calls();
    const { arm } = harness.access();
    const context = { arm, settings: harness.settings(), urls: new Map() };
    const state = { name: functionName, site: 'digits', sites: new Map(), candidates: [], live: undefined };
    await withApim(context as never, state as never);
    expect([...needed()].filter((action) => !listed('look').includes(action))).toEqual([]);
  });
});
