import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudRun, iamYaml } from '../fixtures/iam-config.ts';
import { GatewayHarness, gatewayAccount } from '../google/gateway/harness.ts';
import { denied, type Grant, unused } from './compare.ts';
import type { Access } from './evaluate.ts';
import { callAccesses, runGrants } from './google-run-calls.ts';
import { iamOf, policySetOf } from './printed.ts';

const target = cloudRun(`gateway: { service-account: "${gatewayAccount}" }`).replaceAll('acme-prod', 'coldgate-test');
const ofGateway = /^(?:apigateway|serviceusage)\.|gateway@/;

describe('what a gateway asks of API Gateway, and what coldgate iam grants', () => {
  let harness: GatewayHarness;
  const needed: Access[] = [];

  beforeAll(async () => {
    harness = await GatewayHarness.open();
    const keys = { auth: 'api-key' };
    await harness.ensure(keys).catch(() => undefined);
    harness.project.google.context.disabled.clear();
    for (const deadline of [10, 20, 30, 40, 50]) await harness.ensure({ deadline });
    await harness.ensure({ deadline: 50 });
    await harness.remove();
    const { google } = harness.project;
    const own = google
      .calls()
      .filter(({ principal, method }) => principal === google.pipeline && !/^iamcred/.test(method));
    needed.push(...own.flatMap(callAccesses));
  });
  afterAll(() => harness.close());

  const granted = async (verbs = ''): Promise<Grant[]> => {
    const given = { environment: 'production', role: 'pipeline', repository: 'acme/models', verbs };
    const set = policySetOf(await iamOf(iamYaml({ store: 'gs://models', target }), given), 'pipeline', 'google');
    return runGrants(set, harness.project.google);
  };

  it('nothing is asked for that is not granted', async () => {
    expect(needed.length).toBeGreaterThan(10);
    expect(denied(await granted(), needed)).toEqual([]);
  });

  it('nothing is granted that is not asked for', async () => {
    expect(unused(await granted(), needed).filter((label) => ofGateway.test(label))).toEqual([]);
  });

  it('a verb that looks changes no gateway', async () => {
    const looks = (await granted('status')).map(({ label }) => label).filter((label) => ofGateway.test(label));
    for (const label of looks) expect(label).toMatch(/\.(?:get|list)$/);
  });
});
