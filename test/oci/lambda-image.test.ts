import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PackageFile } from '../../src/package/package-file.ts';
import { crane } from '../emulators/crane.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { FunctionBench, functionName } from '../lambda/function-bench.ts';
import { RegistryBed } from './registry-bed.ts';

describePart('crane', whyNot(crane), 'package: image of the aws-lambda target, built without Docker', () => {
  let bed: RegistryBed;
  let bench: FunctionBench;
  let ecr: Server;
  let requests: Record<string, unknown>[];
  let refusal: object | undefined;
  beforeAll(async () => {
    [bed, bench] = [await RegistryBed.open(), await FunctionBench.open()];
    bed.front.scheme = 'Basic';
    bed.front.login = 'AWS:a-password';
    ecr = createServer((request, response) => {
      const { 'x-amz-target': target, authorization = '' } = request.headers;
      requests.push({ target, scope: /Credential=[^/]+\/\d+\/([^,]+)/.exec(authorization)?.[1] });
      const authorizationToken = Buffer.from(bed.front.login).toString('base64');
      response.statusCode = refusal ? 400 : 200;
      response.end(JSON.stringify(refusal ?? { authorizationData: [{ authorizationToken }] }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => ecr.once('listening', resolve));
    process.env['AWS_ENDPOINT_URL_ECR'] = `http://127.0.0.1:${(ecr.address() as AddressInfo).port}/`;
  });
  beforeEach(() => {
    [requests, refusal] = [[], undefined];
  });
  afterAll(async () => {
    delete process.env['AWS_ENDPOINT_URL_ECR'];
    ecr?.close();
    await bench?.close();
    await bed?.close();
  });

  const open = (more: Record<string, unknown> = {}) =>
    bench.target({ package: 'image', 'image-repository': `${bed.front.host}/digits`, ...more });
  const build = async (text: string, base: string, dryRun = false): Promise<PackageFile> => {
    const target = await open({ 'base-image': base });
    expect(target.archive).toEqual({ root: 'var/task' });
    const layer = await bed.layer(text, 'var/task');
    const made = await target.image?.build?.(layer, { name: functionName, cacheDir: bed.cacheDir, dryRun });
    return made as PackageFile;
  };

  it('pushes the image with a login of ECR, runs it by its digest, and pushes it once', async () => {
    const base = bed.base('lambda/nodejs');
    const image = await build('export {}', base);
    expect(image.image).toBe(`${bed.front.host}/digits@sha256:${image.sha256}`);
    expect(requests).toEqual([
      {
        target: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
        scope: 'eu-west-1/ecr/aws4_request',
      },
    ]);
    const config = JSON.parse(bed.crane('config', bed.direct(image.image ?? '')));
    expect(config.config).toMatchObject({ Entrypoint: ['/base'], Cmd: ['lambda.handler'] });
    bed.front.take();
    expect(await build('export {}', base)).toEqual(image);
    expect(bed.front.take()).toEqual(['HEAD /v2/digits/manifests/DIGEST']);
    bench.lambda.account.images.set(image.image ?? '', bench.folder);
    const target = await open({ 'base-image': base });
    const { revision } = await target.route(bench.request('live', '1.0.0', image));
    expect(revision.packageSha256).toBe(image.sha256);
    expect(bench.lambda.account.version(functionName, 'live').configuration).toMatchObject({ PackageType: 'Image' });
  });

  it('says in a dry run which image it would be, and asks for no login', async () => {
    const base = bed.base('lambda/other');
    const image = await build('export const other = 1', base, true);
    expect([image.image, requests]).toEqual([expect.stringContaining('@sha256:'), []]);
    expect(bed.front.take()).toEqual([]);
  });

  it('says what is missing', async () => {
    const layer = await bed.layer('export const third = 1', 'var/task');
    const options = { name: functionName, cacheDir: bed.cacheDir, dryRun: false };
    const target = await open();
    await expect(target.image?.build?.(layer, options)).rejects.toMatchObject({ code: 'no-base-image', exit: 2 });
    refusal = { __type: 'com.amazon#AccessDeniedException', message: 'not authorized' };
    await expect(build('export const fourth = 1', bed.base('lambda/nodejs'))).rejects.toMatchObject({
      ...{ code: 'permission-denied', exit: 8 },
      message: expect.stringContaining('AccessDeniedException not authorized'),
    });
  });

  it('builds nothing where others do', async () => {
    const target = await open({ 'image-digest': '' });
    expect([target.archive, target.image]).toEqual(['zip', { base: undefined, package: undefined }]);
  });
});
