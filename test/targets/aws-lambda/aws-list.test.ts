import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, zipOf } from '../../lambda/bench.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

/** What clean-up finds on Lambda, whatever models.yaml names now. */
describe('the functions of an account', () => {
  let bench: FunctionBench;
  const foreign = (FunctionName: string) =>
    clientOf(bench.lambda).send(
      new CreateFunctionCommand({
        FunctionName,
        Role: 'arn:aws:iam::123456789012:role/other',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Code: { ZipFile: zipOf('export {}', 'index.mjs') },
        Environment: { Variables: { STAGE: 'test' } },
      }),
    );
  beforeAll(async () => {
    bench = await FunctionBench.open();
  });
  afterAll(() => bench.close());

  it('are listed over all pages, ours alone, with the store that they read', async () => {
    const target = await bench.target();
    for (let at = 0; at < 55; at += 1) await foreign(`other-pr-${at + 1}`);
    const preview = bench.request('candidate', '1.0.0');
    await target.deploy({ ...preview, settings: { ...preview.settings, name: 'zebra-pr-12' } });
    await target.route(bench.request('live', '1.0.0'));
    const found = await target.list();
    expect(found.map(({ name }) => name).sort()).toEqual([functionName, 'zebra-pr-12']);
    for (const { storeVariables } of found)
      expect(storeVariables).toMatchObject({ MODEL_STORE: 's3', MODEL_BUCKET: 'models' });
    await target.remove({ name: 'zebra-pr-12' }, 'all');
    expect((await target.list()).map(({ name }) => name)).toEqual([functionName]);
  });

  it('are left alone where they are of other hands, also by that name', async () => {
    const removing = (await bench.target()).remove({ name: 'other-pr-12' }, 'all');
    await expect(removing).rejects.toMatchObject({ code: 'foreign-function', exit: 2 });
  });
});
