import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { camelKeys } from '../../../src/config/camel-keys.ts';
import { type AwsLambdaSettings, awsLambdaTarget } from '../../../src/config/schema/aws-lambda.ts';
import { silentLogger } from '../../../src/log.ts';
import { contextOf, type LambdaContext } from '../../../src/targets/aws-lambda/context.ts';
import { ensureRestApi, findRestApi, removeRestApis } from '../../../src/targets/aws-lambda/rest-api.ts';
import { listKeys } from '../../../src/targets/aws-lambda/rest-api-keys.ts';
import { missingPlans } from '../../../src/targets/aws-lambda/rest-api-plans.ts';
import { stageOf } from '../../../src/targets/aws-lambda/rest-api-stage.ts';
import { wantedRestApi } from '../../../src/targets/aws-lambda/rest-api-wanted.ts';
import { askRest, listRest } from '../../../src/targets/aws-lambda/rest-calls.ts';
import { seenGateway } from '../../../src/targets/aws-lambda/seen-gateway.ts';
import type { FunctionState } from '../../../src/targets/aws-lambda/state.ts';
import { itOn } from '../../emulators/gaps.ts';
import { describeWith } from '../../emulators/servers.ts';

const region = 'eu-west-1';
const partners = {
  name: 'partners',
  rate: 5,
  burst: 10,
  quota: { limit: 1000, period: 'day' },
  keys: [{ name: 'acme' }],
};

interface Plan {
  id: string;
  name: string;
  apiStages?: { apiId: string; stage: string }[];
  throttle?: { rateLimit: number; burstLimit: number };
  quota?: { limit: number; period: string };
}

/** The REST API of a function on a server that others have written; what it cannot do is in test/emulators/gaps.ts. */
describeWith('moto', 'a REST API', (server) => {
  const stop = new AbortController();
  let name: string;
  beforeEach(() => {
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region };
    for (const [key, value] of Object.entries({ AWS_ENDPOINT_URL: server().endpoint, ...access }))
      vi.stubEnv(key, value);
    name = `digits-${randomUUID().slice(0, 8)}`;
  });
  afterEach(() => vi.unstubAllEnvs());

  function open(plans: readonly object[]): { context: LambdaContext; state: FunctionState } {
    const role = 'arn:aws:iam::123456789012:role/coldgate';
    const basics = { provider: 'aws-lambda', region, role, endpoint: 'rest-api', auth: 'none', timeout: 20 };
    const settings = camelKeys(awsLambdaTarget.parse({ ...basics, 'rest-api': { plans } })) as AwsLambdaSettings;
    const env = { ...process.env };
    const whole = contextOf(settings, {
      log: silentLogger,
      stateDir: tmpdir(),
      now: () => new Date(),
      signal: stop.signal,
      env,
    });
    // Its tags lie with the function, which is not here. A failure is not tried again for minutes.
    const withRetry: LambdaContext['calls']['withRetry'] = (work) => work({ abortSignal: stop.signal });
    const context = { ...whole, calls: { ...whole.calls, withRetry, send: async () => ({}) as never } };
    const state = { name, arn: `arn:aws:lambda:${region}:123456789012:function:${name}`, tags: {} } as FunctionState;
    return { context, state };
  }

  async function make(plans: readonly object[]): Promise<LambdaContext> {
    const { context, state } = open(plans);
    state.restApi = await findRestApi(context, name);
    await ensureRestApi(context, state, wantedRestApi(context.settings, state, []), async () => {});
    return context;
  }
  /** As far as moto comes: the tags are the last step. */
  async function makeUntagged(plans: readonly object[]): Promise<LambdaContext> {
    await make(plans).catch((error: Error) => expect(error.message).toBe('HTTP 404'));
    return open(plans).context;
  }

  const plansOf = async (context: LambdaContext): Promise<Plan[]> =>
    (await listRest<Plan>(context, '/usageplans')).filter((plan) => plan.name.startsWith(name));

  it('is made with its stage, plans and keys, changed without another stage, and taken away', async () => {
    const context = await makeUntagged([partners]);
    const id = (await findRestApi(context, name))?.id ?? '';
    expect(await stageOf(context, id, 'live')).toMatchObject({ stageName: 'live' });
    const [plan] = (await plansOf(context)).filter((one) => one.name === `${name}-partners`);
    expect(plan).toMatchObject({
      apiStages: [{ apiId: id, stage: 'live' }],
      throttle: { rateLimit: 5, burstLimit: 10 },
      quota: { limit: 1000, period: 'DAY' },
    });
    expect((await listKeys(context, name)).map((key) => key.name).sort()).toEqual([`${name}-acme`, `${name}-coldgate`]);
    expect(await seenGateway(context, name)).toEqual({ region, missing: [] });

    await makeUntagged([
      { ...partners, rate: 7, quota: undefined },
      { name: 'trial', rate: 1, burst: 1, keys: [{ name: 'new' }] },
    ]);
    const after = await plansOf(context);
    expect(after.find((one) => one.id === plan?.id)).toMatchObject({ throttle: { rateLimit: 7, burstLimit: 10 } });
    expect(await missingPlans(context, name, { apiId: id, stage: 'live' }, [{ name: 'trial' }])).toEqual([]);
    expect((await findRestApi(context, name))?.id).toBe(id);

    await askRest(context, 'DELETE', `/restapis/${id}/stages/live`);
    expect((await seenGateway(context, name))?.missing).toContain('the stage live');
    expect(await removeRestApis(context, name, true)).toEqual([id]);
    expect([await findRestApi(context, name), await plansOf(context), await listKeys(context, name)]).toEqual([
      undefined,
      [],
      [],
    ]);
  });

  itOn('moto', 'marks a REST API with the digest of its settings', async () => {
    await make([]);
  });
});
