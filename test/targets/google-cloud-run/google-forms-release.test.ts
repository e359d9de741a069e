import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';

/*
 * The real handler in the other forms that Cloud Run takes it in, by the command line as processes. The files of the image
 * are those of the archive; google-image-release.test.ts builds and pushes one.
 */
describe('functions and images on Cloud Run', () => {
  const digest = `sha256:${'d'.repeat(64)}`;
  const repository = 'europe-west1-docker.pkg.dev/coldgate-test/models';
  let bench: ReleaseBench;
  /** Images that Cloud Run has looked for, with the base that was to be put under them. */
  const wanted: [string, string | undefined][] = [];
  beforeAll(async () => {
    const images = async (reference: string, baseImage?: string) => {
      wanted.push([reference, baseImage]);
      const { scratch } = bench.google.context;
      const folder = readdirSync(scratch).find((name) => name.startsWith('source-')) ?? '';
      return { folder: join(scratch, folder), command: ['node', 'google-function.cjs'] };
    };
    bench = await ReleaseBench.open({ knobs: { looks: 0 }, images });
    bench.target = 'kind: function';
    bench.release({});
    await bench.json('publish');
  });
  afterAll(() => bench.close());

  const container = () => {
    const { spec, revisions } = bench.service()!;
    return revisions.get(spec.traffic?.[0]?.revision ?? '')?.template.containers?.[0];
  };
  const live = async () => {
    await bench.json('deploy');
    await bench.json('promote', '--gate', 'skip');
    await bench.json('destroy', '--candidates');
    return bench.infer(bench.service()?.uri ?? '', tinySample.inputs);
  };

  it('serves a function through the functions framework that is in the archive', async () => {
    expect(await live()).toMatchObject({ status: 200, version: '1.0.0' });
    expect(container()).toMatchObject({ image: 'scratch', args: ['google-function.cjs'] });
    expect(bench.service()?.spec['buildConfig']).toEqual({ functionTarget: 'coldgate' });
  });

  it('deploys the same again with nothing written', async () => {
    bench.calls();
    await bench.json('promote', '--gate', 'skip');
    expect(bench.calls().writes).toEqual([]);
  });

  it('goes on as an image of the user’s own, which brings its command along, and leaves nothing of the archive', async () => {
    bench.target = `package: image, artifact-repository: "${repository}", image-digest: "\${IMAGE_DIGEST}"`;
    bench.env = { IMAGE_DIGEST: digest };
    bench.release({});
    expect(await live()).toMatchObject({ status: 200, version: '1.0.0' });
    expect(wanted).toContainEqual([`${repository}/digits-local@${digest}`, undefined]);
    expect(container()).toMatchObject({ image: `${repository}/digits-local@${digest}` });
    expect(bench.service()?.spec['buildConfig'] ?? {}).toEqual({});
    expect([container()?.sourceCode, container()?.command]).toEqual([undefined, undefined]);
  });

  it('goes away as a whole', async () => {
    await bench.json('destroy');
    expect(bench.inventory()).toEqual([]);
  });
});
