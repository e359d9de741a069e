import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError, aborted, denied, exhausted, unavailable } from '../../google/api-error.ts';
import type { Call, Fault } from '../../google/context.ts';
import { GatewayHarness } from '../../google/gateway/harness.ts';

/*
 * A gateway is made, given another config, and removed, with one thing going wrong at each call in turn. What goes wrong once is
 * borne with; after a denial or an end, running the same again must leave what an undisturbed run leaves.
 */
const isOurs = ({ method }: Call): boolean => /^(?:apigateway|serviceusage)\./.test(method);

const tooMany = exhausted('Write requests', 'Write requests per minute');
/** What is tried at each call that changes something, and what at the others, of which each gets one. */
const changing: Fault[] = [tooMany, aborted('gateway', '1', '2'), 'lost'];
const reading: Fault[] = [unavailable(), 'unheard', tooMany];

describe.each([
  ['made', { before: undefined, work: 'make' }],
  ['given another config', { before: { auth: 'none' }, work: 'change' }],
  ['removed', { before: { auth: 'none', deadline: 30 }, work: 'remove' }],
] as const)('a gateway that is %s', (_, { before, work }) => {
  let harness: GatewayHarness;
  let calls: Call[];
  let left: string[];

  /** One run. A change on its way is retried at once here. */
  const run = async (signal?: AbortSignal): Promise<void> => {
    if (work === 'remove') await harness.remove(harness.access(signal));
    else await harness.ensure(work === 'make' ? {} : { deadline: 30 }, harness.access(signal));
  };
  let restore: () => void;
  /** As it was before; nothing is kept of the runs before. */
  const reset = (): void => {
    const { google, state, edge } = harness.project;
    google.context.fault = () => undefined;
    google.context.onDone = () => {};
    restore();
    for (const { name, apiConfig } of state.gateways.values()) {
      const config = state.configs.get(apiConfig);
      if (config) edge.serve(name, config);
    }
    google.calls();
  };

  beforeAll(async () => {
    harness = await GatewayHarness.open();
    if (before) await harness.ensure(before);
    restore = harness.project.state.snapshot();
    reset();
    await run();
    calls = harness.project.google.calls().filter(isOurs);
    left = harness.project.state.inventory();
  });
  afterAll(() => harness.close());

  it('has one end, whatever goes wrong once at any call', async () => {
    for (const [at, { mutating, method }] of calls.entries()) {
      const tried = mutating ? changing : [reading[at % reading.length] as Fault];
      for (const fault of tried) {
        reset();
        let count = 0;
        harness.project.google.context.fault = (call) => (isOurs(call) && count++ === at ? fault : undefined);
        await run();
        const what = `${at} ${method} ${fault instanceof ApiError ? fault.status : fault}`;
        expect([what, harness.project.state.inventory()]).toEqual([what, left]);
        expect(harness.project.state.overlaps).toEqual([]);
      }
    }
  });

  it('names the permission that is denied at any call, and goes on once it is granted', async () => {
    for (let at = 0; at < calls.length; at++) {
      reset();
      let count = 0;
      const permission = calls[at]?.needs[0]?.permission ?? '';
      harness.project.google.context.fault = (call) =>
        isOurs(call) && count++ === at ? denied(permission, 'projects/coldgate-test') : undefined;
      const refusal = await run().then(
        () => undefined,
        (error: unknown) => error,
      );
      // Old configs that may not be listed or removed are no reason to fail a release.
      const isPruning = refusal === undefined;
      if (!isPruning) {
        expect(refusal).toMatchObject({
          ...{ code: 'permission-denied', exit: 8 },
          data: { action: permission, account: harness.project.google.pipeline },
        });
      }
      await run();
      expect([at, harness.project.state.inventory()]).toEqual([at, left]);
    }
  });

  it('is finished by the next run when a run ends after any change', async () => {
    const changes = calls.filter(({ mutating }) => mutating).length;
    for (let after = 1; after <= changes; after++) {
      for (const looks of [0, 2]) {
        reset();
        Object.assign(harness.project.google.knobs, { looks });
        const stop = new AbortController();
        let count = 0;
        harness.project.google.context.onDone = (call) => {
          if (isOurs(call) && call.mutating && ++count === after) stop.abort(new Error('ended'));
        };
        await expect(run(stop.signal)).rejects.toThrow('ended');
        harness.project.google.context.onDone = () => {};
        await run();
        expect([after, looks, harness.project.state.inventory()]).toEqual([after, looks, left]);
        expect(harness.project.state.overlaps).toEqual([]);
        Object.assign(harness.project.google.knobs, { looks: 1 });
      }
    }
  });
});

describe('what Google refuses about a gateway', () => {
  let harness: GatewayHarness;
  beforeAll(async () => {
    harness = await GatewayHarness.open();
  });
  afterAll(() => harness.close());

  const at = 'apigateway.projects.locations';
  const table: [string, string, ApiError, Record<string, unknown>][] = [
    [
      'an API that is off',
      `${at}.gateways.get`,
      new ApiError(403, 'PERMISSION_DENIED', 'API Gateway API has not been used', [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED', domain: 'googleapis.com' },
      ]),
      { code: 'api-disabled', exit: 8, hint: expect.stringContaining('gcloud services enable apigateway.googleapis') },
    ],
    [
      'an account that it may not use',
      `${at}.apis.configs.create`,
      denied('iam.serviceaccounts.actAs', 'projects/-/serviceAccounts/gateway@coldgate-test.iam.gserviceaccount.com'),
      {
        ...{ code: 'permission-denied', exit: 8, data: { action: 'iam.serviceAccounts.actAs' } },
        hint: expect.stringContaining('gcloud iam service-accounts add-iam-policy-binding gateway@coldgate-test'),
      },
    ],
    [
      'credentials',
      `${at}.gateways.get`,
      new ApiError(401, 'UNAUTHENTICATED', 'no'),
      { code: 'no-credentials', exit: 8 },
    ],
    [
      'one more API',
      `${at}.apis.create`,
      new ApiError(429, 'RESOURCE_EXHAUSTED', "Quota limit 'APIs' has been exceeded. Limit: 50"),
      { code: 'quota-exceeded', exit: 8 },
    ],
    [
      'a setting',
      `${at}.gateways.create`,
      new ApiError(400, 'INVALID_ARGUMENT', 'location europe-north9 is not supported'),
      { code: 'request-refused', exit: 2, message: expect.stringContaining('europe-north9') },
    ],
  ];

  it.each(table)('%s: one sentence, and the next step', async (_, method, error, expected) => {
    await harness.remove();
    harness.project.google.context.fault = (call) => (call.method === method ? error : undefined);
    const { data, ...rest } = expected;
    await expect(harness.ensure()).rejects.toMatchObject({ ...rest, ...(data !== undefined && { data }) });
    harness.project.google.context.fault = () => undefined;
    await harness.ensure();
    await harness.remove();
  });

  it('a document: what its compiler says, and nothing half made is left', async () => {
    const { state } = harness.project;
    const broken = { ...harness.wanted() };
    const contents = Buffer.from(JSON.stringify({ openapi: '3.1.0' })).toString('base64');
    broken.config = { ...broken.config, openapiDocuments: [{ document: { path: 'openapi.json', contents } }] };
    const { ensureGateway } = await import('../../../src/targets/google-cloud-run/gateway.ts');
    await expect(ensureGateway(harness.access(), broken, { recheck: false })).rejects.toMatchObject({
      ...{ code: 'request-refused', exit: 2, message: expect.stringContaining('backends is required') },
    });
    expect([...state.configs.keys(), ...state.gateways.keys()]).toEqual([]);
    await harness.ensure();
    await harness.remove();
  });

  it('a gateway of someone else: it is left as it is, and stays when the function is removed', async () => {
    const { names } = harness.wanted();
    await harness.ensure();
    const found = harness.project.state.gateways.get(names.gateway);
    if (found) found.labels = {};
    await expect(harness.ensure({ deadline: 30 })).rejects.toMatchObject({
      ...{ code: 'foreign-gateway', exit: 2, hint: expect.stringContaining('gateway.name') },
    });
    await harness.remove();
    expect(harness.project.state.gateways.has(names.gateway)).toBe(true);
    if (found) found.labels = { coldgate: 'digits-production' };
    await harness.remove();
    expect(harness.project.state.inventory()).toEqual([]);
  });

  it('two runs at once make one config after another, and the later one is served or stands back', async () => {
    const runs = [harness.ensure({ deadline: 10 }), harness.ensure({ deadline: 20 })];
    await Promise.all(runs);
    expect(harness.project.state.overlaps).toEqual([]);
    const served = [...harness.project.state.gateways.values()].map(({ apiConfig }) => apiConfig.split('/').at(-1));
    expect(served).toEqual([harness.wanted({ deadline: 20 }).configId]);
  });

  it('two runs elsewhere: one that finds its config replaced stands back, and leaves the other’s', async () => {
    const { state, google } = harness.project;
    const { names } = harness.wanted();
    const before = await harness
      .ensure({ deadline: 10 })
      .then(() => state.gateways.get(names.gateway)?.apiConfig ?? '');
    const own = `${names.api}/configs/${harness.wanted({ deadline: 20 }).configId}`;
    google.context.onDone = () => {
      const gateway = state.gateways.get(names.gateway);
      if (gateway?.state === 'ACTIVE' && gateway.apiConfig === own) gateway.apiConfig = before;
    };
    await expect(harness.ensure({ deadline: 20 })).rejects.toMatchObject({ code: 'gateway-moved', exit: 6 });
    google.context.onDone = () => {};
    expect(state.gateways.get(names.gateway)?.apiConfig).toBe(before);
  });

  it('a config that was spoiled by another run’s is made once more under another id', async () => {
    const { state } = harness.project;
    const { names, configId } = harness.wanted({ deadline: 50 });
    harness.project.google.context.onDone = ({ method }) => {
      const made = state.configs.get(`${names.api}/configs/${configId}`);
      if (method === `${at}.apis.configs.create` && made) made.spoiled = true;
    };
    await harness.ensure({ deadline: 50 });
    harness.project.google.context.onDone = () => {};
    expect(state.gateways.get(names.gateway)?.apiConfig).toBe(`${names.api}/configs/${configId}-2`);
    expect(await harness.ensure({ deadline: 50 })).toMatchObject({ changed: false });
  });
});
