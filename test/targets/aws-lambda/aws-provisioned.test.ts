import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const warm = { 'provisioned-concurrency': 3 };

describe('provisioned concurrency of the live function', () => {
  let bench: FunctionBench;
  const kept = () =>
    [...bench.lambda.account.find(functionName).provisioned].map(
      ([number, { requested: requests }]) => `${number}: ${requests}`,
    );
  const other = () => bench.package('export const other = 1');
  const route = async (more: Record<string, unknown> = warm, from = bench.package()) =>
    (await bench.target(more)).route(bench.request('live', '1.0.0', from));
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    bench.lambda.account.provisioningFails = undefined;
    await (await bench.target()).remove({ name: functionName }, 'all');
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('is put on the version and ready before the alias names it, and taken from the one before after that', async () => {
    await route();
    expect(kept()).toEqual(['1: 3']);
    bench.lambda.take();
    await route(warm, other());
    expect(kept()).toEqual(['2: 3']);
    const { mutating } = bench.lambda.take();
    expect(mutating.slice(-3)).toEqual([
      'PutProvisionedConcurrencyConfig',
      'UpdateAlias',
      'DeleteProvisionedConcurrencyConfig',
    ]);
  });

  it('costs one reading call more when nothing changed', async () => {
    await route();
    bench.lambda.take();
    expect(await route()).toMatchObject({ changed: false });
    const { reading, mutating } = bench.lambda.take();
    expect({ reads: reading.length, mutating }).toEqual({ reads: 6, mutating: [] });
  });

  it('follows another number without another version, and goes when the setting goes', async () => {
    await route();
    expect(await route({ 'provisioned-concurrency': 5 })).toMatchObject({ changed: true, revision: { id: '1' } });
    expect(kept()).toEqual(['1: 5']);
    expect(await route({})).toMatchObject({ changed: true });
    expect(kept()).toEqual([]);
    bench.lambda.take();
    expect(await route({})).toMatchObject({ changed: false });
    expect(bench.lambda.take().reading).toHaveLength(5);
  });

  it('explains why Lambda could not, and leaves alias and bill as they were', async () => {
    await route();
    bench.lambda.account.provisioningFails = 'The function has reached the account limit';
    const routing = route(warm, other());
    await expect(routing).rejects.toMatchObject({
      code: 'provisioning-failed',
      message: expect.stringContaining('account limit'),
    });
    expect(kept()).toEqual(['1: 3']);
    expect(bench.lambda.account.alias(functionName, 'live').configuration.FunctionVersion).toBe('1');
  });

  it('is ready before the pointer moves where it is prepared, and is not asked for twice', async () => {
    await route();
    const target = await bench.target(warm);
    const request = bench.request('live', '1.1.0', other());
    await target.prepare?.(request);
    expect(kept()).toEqual(['1: 3', '2: 3']);
    expect(bench.lambda.account.alias(functionName, 'live').configuration.FunctionVersion).toBe('1');
    bench.group.pointer = '1.1.0';
    bench.lambda.take();
    await target.route(request);
    expect(bench.lambda.take().mutating).toEqual(['UpdateAlias', 'DeleteProvisionedConcurrencyConfig']);
    expect(kept()).toEqual(['2: 3']);
    bench.group.pointer = '1.0.0';
  });

  it('is let go of with the candidates where the pointer did not move after all', async () => {
    await route();
    const target = await bench.target(warm);
    await target.prepare?.(bench.request('live', '1.1.0', other()));
    await target.remove({ name: functionName }, 'candidates');
    expect(kept()).toEqual(['1: 3']);
  });

  it('has nothing to prepare without it', async () => {
    await (await bench.target()).prepare?.(bench.request('live', '1.0.0'));
    expect(bench.lambda.take()).toEqual({ reading: [], mutating: [] });
  });

  it('goes to the next try after a run that was killed while it waited', async () => {
    await route();
    const stop = new AbortController();
    bench.lambda.onDone = ({ operation }) => {
      if (operation === 'PutProvisionedConcurrencyConfig') stop.abort(new Error('killed'));
    };
    const killed = await bench.target(warm, stop.signal);
    await expect(killed.route(bench.request('live', '1.0.0', other()))).rejects.toThrow('killed');
    bench.lambda.onDone = () => {};
    await route(warm, other());
    expect(kept()).toEqual(['2: 3']);
  });
});
