import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultKnobs } from '../../azure/knobs.ts';
import { AzureBench, functionName } from '../../azure/target-bench.ts';

/* Functions that do not prove themselves: how soon that is known, and what is said of it. */
let bench: AzureBench;
let identity: string;
let component: string;
beforeAll(async () => {
  bench = await AzureBench.open({ knobs: { looks: 0 } });
  const { identities, context, accounts, components } = bench.azure;
  identity = identities.create('digits', 'models');
  const owner = context.iam.roleOf('b7e6dc6d-f1e8-4753-8033-0f276bb0955b')!;
  context.iam.grant(identities.find(identity)!.oid, owner, accounts.idOf(accounts.find('coldgatetest')!));
  component = `${context.groupId('models')}/providers/Microsoft.Insights/components/acme`;
  components.add(component.toLowerCase());
});
beforeEach(async () => {
  Object.assign(bench.azure.knobs, defaultKnobs, { looks: 0 });
  rmSync(marker(), { force: true });
  await (await bench.target()).remove({ name: functionName }, 'all');
  bench.azure.calls();
});
afterAll(() => bench.close());

const marker = () => join(bench.store.root, 'digits', 'denied');
const withFault = (fault: string, role: 'live' | 'candidate' = 'candidate', note?: string) => {
  const handlerVariables = { ...bench.settings.handlerVariables, FAKE: fault };
  return { ...bench.request(role, 0, bench.package(note)), settings: { ...bench.settings, handlerVariables } };
};

describe('a function that cannot load its model', () => {
  it('is not waited for: a candidate is removed, and what is live is set back', async () => {
    const target = await bench.target({ identity });
    const refused = { code: 'not-ready', exit: 7, message: expect.stringContaining('checksum-mismatch') };
    await expect(target.deploy(withFault('not-loadable'))).rejects.toMatchObject(refused);
    expect(bench.leftovers()).toEqual([]);
    const { revision } = await target.route(bench.request('live', 0));
    await expect(target.route(withFault('not-loadable', 'live', 'second'))).rejects.toMatchObject(refused);
    expect((await target.describe(bench.settings)).live).toEqual(revision);
  });

  it('is waited for while the roles of its own identity may not count yet', async () => {
    writeFileSync(marker(), '');
    const deploying = (await bench.target()).deploy(withFault('deniable'));
    while (!bench.azure.web.log.some(({ line }) => line.includes('"status":503'))) await pause(100);
    rmSync(marker());
    expect(await deploying).toMatchObject({ changed: true });
    bench.azure.web.log.length = 0;
    writeFileSync(marker(), '');
    const named = (await bench.target({ identity })).deploy(withFault('deniable'));
    await expect(named).rejects.toMatchObject({ code: 'not-ready', message: expect.stringContaining('store-denied') });
  });

  it('is not taken for the process of before, which may still answer', async () => {
    const target = await bench.target({ identity });
    await target.deploy(withFault('deniable'));
    writeFileSync(marker(), '');
    bench.azure.knobs.staleRequests = 3;
    expect(await target.deploy(bench.request('candidate', 0, bench.package('second')))).toMatchObject({
      changed: true,
    });
  });
});

describe('the log of a function that does not prove itself', () => {
  const telemetry = () => ({ identity, 'application-insights': component });
  const queries = () => bench.azure.calls().filter(({ method }) => method === 'query_execute');

  it('is read from Application Insights, where the settings name it', async () => {
    bench.azure.knobs.logLag = 1;
    const deploying = (await bench.target(telemetry())).deploy(withFault('wrong-output'));
    await expect(deploying).rejects.toMatchObject({
      code: 'sample-mismatch',
      message: expect.stringMatching(/The end of the log of digits-production-\w+-c-\w+:\n {2}\{"event":"request"/),
      data: { log: expect.arrayContaining([expect.stringContaining('/v1/infer')]) },
    });
    expect(queries()).toHaveLength(2);
  });

  it('is that of the slot on Premium', async () => {
    const target = await bench.target({ ...telemetry(), plan: 'premium' });
    await target.route(bench.request('live', 0));
    await expect(target.route(withFault('wrong-output', 'live', 'second'))).rejects.toMatchObject({
      code: 'sample-mismatch',
      message: expect.stringMatching(/log of digits-production-\w+\/slots\/cg-next:\n/),
    });
  });

  it('is named by a command where it may not be read, and asked for once', async () => {
    bench.azure.deny('Microsoft.Insights/components/query/read');
    const target = await bench.target(telemetry());
    const hint = expect.stringMatching(/az monitor app-insights query --apps \S+\/components\/acme --analytics-query/);
    for (const note of ['one', 'two']) {
      const deploying = target.deploy(withFault('wrong-output', 'candidate', note));
      await expect(deploying).rejects.toMatchObject({ code: 'sample-mismatch', hint });
    }
    bench.azure.allow('Microsoft.Insights/components/query/read');
    expect(queries()).toHaveLength(1);
    const plain = (await bench.target({ identity })).deploy(withFault('wrong-output'));
    await expect(plain).rejects.toMatchObject({ hint: expect.stringContaining('az webapp log tail') });
  });
});
