import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

/** How many calls each step costs, as the stand-in records them. */
describe('calls of the aws-lambda target', () => {
  let bench: FunctionBench;
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  beforeEach(async () => {
    await (await bench.target()).remove({ name: functionName }, 'all');
    bench.group.pointer = '1.0.0';
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  const looking = ['GetFunction', 'ListVersionsByFunction', 'ListAliases', 'ListFunctionUrlConfigs'];

  it('reads five times and changes nothing when the same candidate is deployed again', async () => {
    const target = await bench.target();
    await target.deploy(bench.request('candidate', '1.0.0'));
    bench.lambda.take();
    expect(await target.deploy(bench.request('candidate', '1.0.0'))).toMatchObject({ changed: false });
    expect(bench.lambda.take()).toEqual({ reading: [...looking, 'GetPolicy'], mutating: [] });
  });

  it('reads five times and changes nothing when the same is routed again, and says that no candidate is left', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', '1.0.0'));
    bench.lambda.take();
    expect(await target.route(bench.request('live', '1.0.0'))).toMatchObject({ changed: false, candidates: 0 });
    expect(bench.lambda.take()).toEqual({ reading: [...looking, 'GetPolicy'], mutating: [] });
  });

  it('does the same in another run, which remembers nothing', async () => {
    await (await bench.target()).route(bench.request('live', '1.0.0'));
    bench.lambda.take();
    await (await bench.target()).route(bench.request('live', '1.0.0'));
    expect(bench.lambda.take().mutating).toEqual([]);
  });

  it('uploads no code for another model', async () => {
    const target = await bench.target();
    await target.route(bench.request('live', '1.0.0'));
    await target.deploy(bench.request('candidate', '1.0.0'));
    bench.lambda.take();
    await target.deploy(bench.request('candidate', '1.1.0'));
    const { mutating } = bench.lambda.take();
    expect(mutating).toContain('PublishVersion');
    expect(mutating).not.toContain('UpdateFunctionCode');
    bench.group.pointer = '1.1.0';
    expect(await target.route(bench.request('live', '1.1.0'))).toMatchObject({ changed: false, candidates: 2 });
    expect(bench.lambda.take().mutating).toEqual([]);
  });

  it('publishes a version for settings that changed without code, and the alias names it', async () => {
    const before = await (await bench.target()).route(bench.request('live', '1.0.0'));
    bench.lambda.take();
    const after = await (await bench.target({ memory: 2048 })).route(bench.request('live', '1.0.0'));
    const { mutating } = bench.lambda.take();
    expect(mutating).toEqual(['UpdateFunctionConfiguration', 'PublishVersion', 'UpdateAlias']);
    expect(after.revision.id).not.toBe(before.revision.id);
    const { configuration } = bench.lambda.account.version(functionName, 'live');
    expect(configuration).toMatchObject({ MemorySize: 2048, Version: after.revision.id });
  });

  it('uploads code once where only code changed', async () => {
    await (await bench.target()).route(bench.request('live', '1.0.0'));
    bench.lambda.take();
    await (await bench.target()).route(bench.request('live', '1.0.0', bench.package('export const other = 1')));
    const { mutating } = bench.lambda.take();
    expect(mutating.filter((name) => name === 'UpdateFunctionCode')).toHaveLength(1);
  });
});
