import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import * as sdk from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, zipOf } from '../../lambda/bench.ts';
import { FunctionBench, functionName } from '../../lambda/function-bench.ts';
import { addForeignLayer } from '../../lambda/layers.ts';
import { ServiceError } from '../../lambda/service-error.ts';
import type { Call } from '../../lambda/stand-in.ts';

const extras = 'arn:aws:lambda:eu-west-1:999999999999:layer:extras:3';
const LayerName = 'coldgate-runtime-x86_64';
const layered = { 'runtime-layer': true };

/** The runtime as a layer that all functions of an account share, and what Lambda's limits of layers mean. */
describe('the runtime as a layer', () => {
  let bench: FunctionBench;
  beforeAll(async () => {
    bench = await FunctionBench.open();
    bench.lambda.account.looks = 0;
    addForeignLayer(bench.lambda.account, extras, { size: 100, unzipped: 300 });
  });
  beforeEach(async () => {
    bench.lambda.fault = () => undefined;
    bench.lambda.onDone = () => {};
    for (const name of [functionName, 'other-production']) {
      await (await bench.target(layered)).remove({ name }, 'all');
    }
    bench.lambda.account.layerCounters.clear();
    bench.lambda.take();
  });
  afterAll(() => bench.close());

  const route = async (from = bench.layered(), more: object = layered, name = functionName) => {
    const request = bench.request('live', '1.0.0', from);
    return (await bench.target({ ...more })).route({ ...request, settings: { ...request.settings, name } });
  };
  const layersOf = (qualifier: string, name = functionName) =>
    (bench.lambda.account.version(name, qualifier).configuration['Layers'] as { Arn: string }[]).map(({ Arn }) => Arn);
  const there = () => [...bench.lambda.account.layers.keys()].filter((arn) => arn !== extras);
  const arn = (number: number) => `arn:aws:lambda:eu-west-1:123456789012:layer:${LayerName}:${number}`;

  it('is published once, for its CPU and Node, before layers of other hands', async () => {
    await route(bench.layered(), { ...layered, layers: [extras] });
    expect(layersOf('live')).toEqual([arn(1), extras]);
    const [publishing] = bench.lambda.calls.filter(({ operation }) => operation === 'PublishLayerVersion');
    expect(publishing?.input).toMatchObject({
      ...{ LayerName, CompatibleRuntimes: ['nodejs24.x'], CompatibleArchitectures: ['x86_64'] },
    });
  });

  it('is not published again for another function, another handler or a candidate', async () => {
    await route();
    await route(bench.layered(), layered, 'other-production');
    await route(bench.layered('another handler'));
    await (await bench.target(layered)).deploy(bench.request('candidate', '1.1.0', bench.layered()));
    expect(there()).toEqual([arn(1)]);
    expect([layersOf('live'), layersOf('live', 'other-production')]).toEqual([[arn(1)], [arn(1)]]);
  });

  it('costs an unchanged function no call', async () => {
    await route();
    bench.lambda.take();
    expect(await route()).toMatchObject({ changed: false });
    const { reading, mutating } = bench.lambda.take();
    expect([reading.length, mutating]).toEqual([5, []]);
  });

  it('changes with the runtime, and the one before goes when no version names it', async () => {
    await route();
    for (const text of ['two', 'three', 'four']) await route(bench.layered('export {}', text));
    // The two live versions before the current one are kept, and so are their layers.
    expect(there()).toEqual([arn(2), arn(3), arn(4)]);
    expect(layersOf('live')).toEqual([arn(4)]);
  });

  it('goes with the last function that names it, and not before', async () => {
    await route();
    await route(bench.layered(), layered, 'other-production');
    await (await bench.target(layered)).remove({ name: functionName }, 'all');
    expect(there()).toEqual([arn(1)]);
    // Also where models.yaml no longer asks for it.
    await (await bench.target()).remove({ name: 'other-production' }, 'all');
    expect(there()).toEqual([]);
  });

  it('is taken off when the setting goes', async () => {
    await route();
    await route(bench.package(), {});
    expect(layersOf('live')).toEqual([]);
  });

  it('goes on running where it is deleted by hand, and is published again for the next version', async () => {
    await route();
    bench.lambda.account.layers.delete(arn(1));
    expect(await route()).toMatchObject({ changed: false });
    await route(bench.layered('another handler'));
    expect(layersOf('live')).toEqual([arn(2)]);
  });

  it('is published again where another run removes it between the look and the change', async () => {
    let removed = 0;
    bench.lambda.onDone = ({ operation }: Call) => {
      if (operation === 'PublishLayerVersion' && removed++ === 0) bench.lambda.account.layers.delete(arn(1));
    };
    await route();
    expect(layersOf('live')).toEqual([arn(2)]);
  });

  it('is there once although the answer to its publication was lost', async () => {
    let lost = 0;
    bench.lambda.fault = (operation) => (operation === 'PublishLayerVersion' && lost++ === 0 ? 'lost' : undefined);
    await route();
    expect([there(), lost]).toEqual([[arn(1)], 1]);
  });

  it('is not taken from another hand that only says it is the runtime', async () => {
    const { layer } = bench.layered();
    const client = clientOf(bench.lambda);
    const Content = { ZipFile: zipOf('something else') };
    const Description = `coldgate ${layer?.sha256}`;
    await client.send(new sdk.PublishLayerVersionCommand({ LayerName, Description, Content }));
    await route();
    expect(layersOf('live')).toEqual([arn(2)]);
    client.destroy();
  });

  describe('limits, before anything is changed', () => {
    const refused = async (from = bench.layered(), more: object = layered) => {
      bench.lambda.take();
      const refusal = await route(from, more).catch((error: unknown) => error);
      expect(bench.lambda.take().mutating).toEqual([]);
      return refusal;
    };

    it('has code and all layers within 250 MB, as far as Lambda tells what they are', async () => {
      const large = 'arn:aws:lambda:eu-west-1:999999999999:layer:large:1';
      addForeignLayer(bench.lambda.account, large, { size: 262_143_000, unzipped: 300_000_000 });
      const package47 = { ...bench.layered(), unzipped: 47_000_000 };
      expect(await refused(package47, { ...layered, layers: [extras, large] })).toMatchObject({
        ...{ code: 'package-too-large', exit: 2 },
        message: expect.stringMatching(/47000000 bytes unpacked.*262144000[\s\S]*large:1: 262143000 bytes zipped/),
      });
    });

    it('says so where Lambda alone can know', async () => {
      const dense = 'arn:aws:lambda:eu-west-1:999999999999:layer:dense:1';
      addForeignLayer(bench.lambda.account, dense, { size: 1000, unzipped: 300_000_000 });
      const routing = route(bench.layered(), { ...layered, layers: [dense] });
      await expect(routing).rejects.toMatchObject({
        ...{ code: 'package-too-large', exit: 2 },
        hint: expect.stringContaining('target.layers'),
      });
      bench.lambda.fault = (name) =>
        name === 'CreateFunction'
          ? new ServiceError(
              'InvalidParameterValueException',
              400,
              'Unzipped size must be smaller than 262144000 bytes',
            )
          : undefined;
      await expect(route()).rejects.toMatchObject({ code: 'package-too-large' });
    });

    it('names each layer that is not there', async () => {
      const layers = [1, 2].map((number) => `arn:aws:lambda:eu-west-1:999999999999:layer:gone:${number}`);
      expect(await refused(bench.layered(), { ...layered, layers })).toMatchObject({
        ...{ code: 'layer-not-found', exit: 2 },
        message: expect.stringMatching(/gone:1[\s\S]*gone:2/),
      });
    });

    it('has no zip above 50 MB in a request', async () => {
      const from = bench.layered();
      const bytes = randomBytes(52_428_801);
      writeFileSync(from.layer?.path ?? '', bytes);
      const grown = { ...from, layer: { ...(from.layer ?? { path: '', sha256: '' }), size: bytes.byteLength } };
      const hint = expect.stringContaining('target.upload-bucket');
      expect(await refused(grown)).toMatchObject({ code: 'package-too-large', exit: 2, hint });
    });
  });
});
