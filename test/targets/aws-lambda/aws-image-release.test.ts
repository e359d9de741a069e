import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReleaseBench } from '../../lambda/release-bench.ts';

const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/digits';
const base = `public.ecr.aws/lambda/nodejs:24@sha256:${'a'.repeat(64)}`;
const digest = `sha256:${createHash('sha256').update('the image that was pushed').digest('hex')}`;

/** The two steps of a workflow around docker/build-push-action; what that does is taken as done. */
describe('a release by image', () => {
  let bench: ReleaseBench;
  beforeAll(async () => {
    bench = await ReleaseBench.open({ looks: 0 });
    const image = `image-repository: "${repository}", base-image: "${base}", image-digest: "\${IMAGE_DIGEST}"`;
    bench.target = `auth: none, package: image, ${image}`;
    bench.release({});
    bench.env = { IMAGE_DIGEST: '' };
  });
  afterAll(() => bench.close());

  it('writes what the image is built from, and deploys nothing', async () => {
    const { exit, stderr } = await bench.run(['deploy', '--image-context', 'build/image']);
    expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stderr).toContain('build/image/Dockerfile');
    expect(readFileSync(bench.project.path('build', 'image', 'Dockerfile'), 'utf8')).toContain(`FROM ${base}`);
    const [folder = ''] = readdirSync(bench.project.path('build', 'image')).filter((name) => name !== 'Dockerfile');
    expect(readdirSync(bench.project.path('build', 'image', folder))).toContain('lambda.mjs');
    expect(bench.lambda.calls).toEqual([]);
  });

  it('says what to do while there is no digest', async () => {
    const { exit, stderr } = await bench.run(['ship']);
    expect(exit).toBe(2);
    expect(stderr).toContain('target.image-digest');
    expect(stderr).toContain('--image-context');
  });

  it('ships the image by its digest', async () => {
    bench.lambda.account.images.set(`${repository}@${digest}`, bench.project.folder);
    bench.env = { IMAGE_DIGEST: digest };
    const { exit, stderr } = await bench.run(['ship']);
    expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
    const { configuration } = bench.lambda.account.version('digits-local', 'live');
    expect(configuration).toMatchObject({ PackageType: 'Image', CodeSha256: digest.slice('sha256:'.length) });
  });
});
