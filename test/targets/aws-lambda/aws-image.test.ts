import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PackageFile } from '../../../src/package/package-file.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';

const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/digits';
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const settingsFor = (text: string) => ({
  package: 'image',
  'image-repository': repository,
  'image-digest': `sha256:${digestOf(text)}`,
});

describe('package: image of the aws-lambda target', () => {
  let bench: FunctionBench;
  const route = async (text: string, version = '1.0.0') => {
    const target = await bench.target(settingsFor(text));
    return target.route(bench.request('live', version, target.image?.package as PackageFile));
  };
  beforeAll(async () => {
    bench = await FunctionBench.open();
    for (const text of ['one', 'two']) {
      bench.lambda.account.images.set(`${repository}@sha256:${digestOf(text)}`, bench.folder);
    }
  });
  beforeEach(async () => {
    await (await bench.target()).remove({ name: functionName }, 'all');
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  it('runs the image by its digest, without runtime and handler of a zip, and changes nothing the second time', async () => {
    const { revision } = await route('one');
    expect(revision.packageSha256).toBe(digestOf('one'));
    const { configuration } = bench.lambda.account.version(functionName, 'live');
    expect(configuration).toMatchObject({ PackageType: 'Image', MemorySize: 1769 });
    expect(configuration).not.toHaveProperty('Handler');
    bench.lambda.take();
    expect(await route('one')).toMatchObject({ changed: false });
    expect(bench.lambda.take().mutating).toEqual([]);
  });

  it('goes to another image as to another package', async () => {
    const before = await route('one');
    const after = await route('two');
    expect(after.revision).toMatchObject({ packageSha256: digestOf('two'), url: before.revision.url });
  });

  it('names an image that is not there', async () => {
    await expect(route('three')).rejects.toMatchObject({ message: expect.stringContaining(digestOf('three')) });
  });

  it('says that a function of zips stays one', async () => {
    await (await bench.target()).route(bench.request('live', '1.0.0'));
    await expect(route('one')).rejects.toMatchObject({ code: 'package-type-differs', hint: /destroy/ });
  });

  it('has no image before there is a digest', async () => {
    const target = await bench.target({ ...settingsFor('one'), 'image-digest': '' });
    expect(target.image).toEqual({ base: undefined, package: undefined });
    expect(target.budget?.zipped).toBe(300_000_000);
  });
});
