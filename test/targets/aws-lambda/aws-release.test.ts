import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../lambda/release-bench.ts';

const warm = 'auth: none, provisioned-concurrency: 1';

/** Whole verbs on the stand-in for Lambda: how many calls they make, and in which order. */
describe('a release to Lambda', () => {
  let bench: ReleaseBench;
  const ship = async () => {
    bench.lambda.take();
    const { exit, stderr } = await bench.run(['ship']);
    expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
    return bench.lambda.take();
  };
  beforeAll(async () => {
    bench = await ReleaseBench.open({ looks: 0 });
    bench.target = warm;
    bench.release({});
    await ship();
  });
  afterAll(() => bench.close());

  it('reads six times at most and changes nothing where nothing changed', async () => {
    const { reading, mutating } = await ship();
    expect(mutating).toEqual([]);
    expect(reading.length).toBeLessThanOrEqual(6);
  });

  it('uploads no code where the model alone is new', async () => {
    bench.release({ version: '1.1.0' });
    const { mutating } = await ship();
    expect(mutating).not.toContain('UpdateFunctionCode');
    expect(bench.pointer()?.version).toBe('1.1.0');
  });

  it.each(['ship', 'promote'])(
    'has instances warm before %s moves the pointer, and the alias moves last',
    async (verb) => {
      bench.target = `${warm}, memory: ${verb === 'ship' ? 2048 : 3008}`;
      bench.release({ version: verb === 'ship' ? '1.2.0' : '1.3.0' });
      if (verb === 'promote') expect((await bench.run(['publish'])).exit).toBe(0);
      const before = bench.pointer()?.sequence ?? 0;
      const seen: [string, number][] = [];
      bench.lambda.onDone = ({ operation, input }) => {
        const live = operation === 'UpdateAlias' && input['Name'] === 'live';
        const warm =
          operation === 'PutProvisionedConcurrencyConfig' || operation === 'DeleteProvisionedConcurrencyConfig';
        if (live || warm) seen.push([operation, (bench.pointer()?.sequence ?? 0) - before]);
      };
      const { exit, stderr } = await bench.run([verb]);
      bench.lambda.onDone = () => {};
      expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
      expect(seen).toEqual([
        ['PutProvisionedConcurrencyConfig', 0],
        ['UpdateAlias', 1],
        ['DeleteProvisionedConcurrencyConfig', 1],
      ]);
    },
  );
});
