import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { ServiceError } from '../../lambda/service-error.ts';
import type { Call } from '../../lambda/stand-in.ts';

const day = { at: 'cron(0 7 * * ? *)', minimum: 4, maximum: 12 };
const night = { at: 'cron(0 20 * * ? *)', minimum: 0, maximum: 2 };
const scaled = {
  'provisioned-concurrency': 2,
  'provisioned-scaling': { maximum: 8, utilization: 0.6, schedules: [day, night] },
};
const id = (number: number) => `function:${functionName}:${number}`;

describe('provisioned-scaling', () => {
  let bench: FunctionBench;
  const scaling = () => bench.lambda.neighbours.scaling;
  const kept = () =>
    [...bench.lambda.account.find(functionName).provisioned].map(
      ([number, { requested: requests }]) => `${number}: ${requests}`,
    );
  const other = (text = 'other') => bench.package(`export const a = '${text}'`);
  const route = async (more: object = scaled, from = bench.package()) =>
    (await bench.target({ ...more })).route(bench.request('live', '1.0.0', from));
  const unchanged = async (more: object = scaled) => {
    bench.lambda.take();
    expect(await route(more)).toMatchObject({ changed: false });
    const { reading, mutating } = bench.lambda.take();
    expect([reading.length, mutating]).toEqual([6, []]);
  };
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.account.looks = 0;
  });
  beforeEach(async () => {
    bench.lambda.fault = () => undefined;
    bench.lambda.onDone = () => {};
    await (await bench.target()).remove({ name: functionName }, 'all');
    expect(scaling().inventory()).toEqual([]);
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('stands on the version, with bounds, use and clock as models.yaml has them', async () => {
    await route();
    const { least, most, policies, schedules } = scaling().targets.get(id(1))!;
    expect([least, most]).toEqual([2, 8]);
    expect(policies.get('coldgate')).toMatchObject({
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 0.6,
        PredefinedMetricSpecification: { PredefinedMetricType: 'LambdaProvisionedConcurrencyUtilization' },
      },
    });
    expect([...schedules.values()]).toMatchObject([
      { Schedule: day.at, ScalableTargetAction: { MinCapacity: 4, MaxCapacity: 12 } },
      { Schedule: night.at, ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 2 } },
    ]);
  });

  it('is not asked for again, however many instances there are meanwhile', async () => {
    await route();
    await unchanged();
    scaling().scale(id(1), 7);
    await unchanged();
    expect(kept()).toEqual(['1: 7']);
    // None at night, which the schedule allows.
    bench.lambda.account.find(functionName).provisioned.clear();
    await unchanged();
  });

  it('moves to the next version after its callers, which finds as many instances as there were', async () => {
    await route();
    scaling().scale(id(1), 6);
    const order: string[] = [];
    bench.lambda.onDone = ({ operation, mutating, input }: Call) => {
      if (mutating) order.push(`${operation} ${String(input['ResourceId'] ?? input['Qualifier'] ?? '')}`.trim());
    };
    await route(scaled, other());
    expect([...scaling().targets.keys()]).toEqual([id(2)]);
    expect(kept()).toEqual(['2: 6']);
    expect(order.filter((one) => !/^(?:Tag|Update|Publish|PutSched|PutScal|Add)/.test(one))).toEqual([
      'PutProvisionedConcurrencyConfig 2',
      `DeregisterScalableTarget ${id(1)}`,
      `RegisterScalableTarget ${id(2)}`,
      'DeleteProvisionedConcurrencyConfig 1',
    ]);
    expect(order.indexOf('UpdateAlias')).toBeLessThan(order.indexOf(`DeregisterScalableTarget ${id(1)}`));
  });

  it('follows models.yaml: other bounds, fewer schedules, and none', async () => {
    await route();
    const fewer = { ...scaled, 'provisioned-scaling': { maximum: 5, schedules: [day] } };
    expect(await route(fewer)).toMatchObject({ changed: true, revision: { id: '1' } });
    expect(scaling().inventory()).toEqual([`scaled ${id(1)} 2 to 5, coldgate coldgate-1`]);
    scaling().scale(id(1), 5);
    await route({ 'provisioned-concurrency': 2 });
    expect([scaling().inventory(), kept()]).toEqual([[], ['1: 2']]);
    await route({});
    expect(kept()).toEqual([]);
  });

  it('leaves schedules of other hands', async () => {
    await route();
    const { schedules } = scaling().targets.get(id(1))!;
    schedules.set('by-hand', { ...schedules.get('coldgate-1'), ScheduledActionName: 'by-hand' });
    await route({ ...scaled, 'provisioned-scaling': { maximum: 5 } });
    expect([...(scaling().targets.get(id(1))?.schedules.keys() ?? [])]).toEqual(['by-hand']);
  });

  it('goes back with the alias', async () => {
    const before = await route();
    const after = await route(scaled, other());
    const target = await bench.target(scaled);
    await target.restore(bench.request('live', '1.0.0'), { from: after.revision, to: before.revision });
    expect([[...scaling().targets.keys()], kept()]).toEqual([[id(1)], ['1: 2']]);
  });

  it('waits while another change of it is being done, and starts again where it went away', async () => {
    let faults = 0;
    bench.lambda.fault = (operation) => {
      if (operation !== 'PutScalingPolicy' || faults++ > 1) return undefined;
      if (faults === 1) return new ServiceError('ConcurrentUpdateException', 400, 'Concurrent updates');
      scaling().targets.clear();
      return undefined;
    };
    await route();
    expect([...scaling().targets.keys(), faults]).toEqual([id(1), 3]);
  });

  it('names what is not allowed', async () => {
    bench.lambda.fault = (operation) =>
      operation === 'RegisterScalableTarget' ? new ServiceError('AccessDeniedException', 403, 'no') : undefined;
    await expect(route()).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8 },
      message: expect.stringContaining('application-autoscaling:RegisterScalableTarget'),
    });
  });

  it('starts nothing that a preview or a candidate would pay for', async () => {
    await (await bench.target(scaled)).deploy(bench.request('candidate', '1.0.0'));
    expect([scaling().inventory(), kept()]).toEqual([[], []]);
  });
});
