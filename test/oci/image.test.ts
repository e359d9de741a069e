import { describe, expect, it } from 'vitest';
import { addressFrom } from '../../src/oci/addresses.ts';
import { readChallenge } from '../../src/oci/authorization.ts';
import { assembleImage, type BaseImage } from '../../src/oci/image.ts';
import { parseImageName } from '../../src/oci/image-name.ts';
import { dockerTypes } from '../../src/oci/media-types.ts';

const layer = { sha256: 'a'.repeat(64), size: 100, tarSha256: 'b'.repeat(64) };
const amd64 = { os: 'linux', architecture: 'amd64' } as const;

describe('an image', () => {
  it('has a digest that never changes', () => {
    const settings = { Entrypoint: ['node'], Cmd: ['cloud-run.cjs'], WorkingDir: '/workspace' };
    const { digest } = assembleImage(layer, settings, amd64);
    expect(assembleImage(layer, settings, amd64).digest).toBe(digest);
    expect(digest).toBe('sha256:f6dd31a60d5d4bc93b1f753f4b0ae469d7f4024f34ad8353de387808360e78ab');
    expect(assembleImage({ ...layer, tarSha256: 'c'.repeat(64) }, settings, amd64).digest).not.toBe(digest);
    expect(assembleImage(layer, { Cmd: ['x'] }, amd64).digest).not.toBe(digest);
  });

  it('keeps what its base says, but for what it sets', () => {
    const descriptor = (mediaType: string) => ({ mediaType, digest: `sha256:${'d'.repeat(64)}`, size: 1 });
    const base: BaseImage = {
      manifest: {
        schemaVersion: 2,
        config: descriptor(dockerTypes.config),
        layers: [descriptor(dockerTypes.layer)],
      },
      config: {
        ...{ ...amd64, created: '2026-01-01T00:00:00Z' },
        config: { Entrypoint: ['/lambda-entrypoint.sh'], Env: ['A=1', 'B=2'], Labels: { of: 'the base' } },
        rootfs: { type: 'layers', diff_ids: [`sha256:${'e'.repeat(64)}`] },
        history: [{ created_by: 'the base' }],
      },
    };
    const { config, layers, manifest } = assembleImage(layer, { Cmd: ['lambda.handler'], Env: ['B=3'] }, amd64, base);
    expect(JSON.parse(config.bytes.toString())).toMatchObject({
      config: {
        ...{ Entrypoint: ['/lambda-entrypoint.sh'], Cmd: ['lambda.handler'], Labels: { of: 'the base' } },
        Env: ['A=1', 'B=3'],
      },
      rootfs: { diff_ids: [`sha256:${'e'.repeat(64)}`, `sha256:${layer.tarSha256}`] },
      history: [{ created_by: 'the base' }, { created_by: 'coldgate' }],
    });
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([dockerTypes.layer, dockerTypes.layer]);
    expect(manifest.descriptor.mediaType).toBe(dockerTypes.manifest);
  });
});

describe('the name of an image', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  it.each([
    ['europe-west1-docker.pkg.dev/acme/models/digits', 'europe-west1-docker.pkg.dev', 'acme/models/digits', undefined],
    [`public.ecr.aws/lambda/nodejs:24@${digest}`, 'public.ecr.aws', 'lambda/nodejs', digest],
    [`localhost:5000/a@${digest}`, 'localhost:5000', 'a', digest],
  ])('%s says where it is', (text, registry, repository, of) => {
    expect(parseImageName(text)).toEqual({ registry, repository, digest: of });
  });

  it.each(['node', 'library/node', 'ftp://a.b/c', 'a.b/C', 'a.b/c@sha256:12', ''])('%j says it not', (text) => {
    expect(() => parseImageName(text)).toThrow(RangeError);
  });
});

describe('where a registry sends its clients', () => {
  const registry = new URL('https://eu.pkg.dev/v2/a/blobs/uploads/');
  it.each([
    ['/v2/a/blobs/uploads/1?x=1', 'https://eu.pkg.dev/v2/a/blobs/uploads/1?x=1'],
    ['2?x=1', 'https://eu.pkg.dev/v2/a/blobs/uploads/2?x=1'],
    ['https://storage.example/up?sig=1', 'https://storage.example/up?sig=1'],
  ])('%s is followed', (location, to) => expect(addressFrom(location, registry).href).toBe(to));

  const inside = ['169.254.169.254', '10.0.0.1', '127.0.0.1', '[::1]', '192.168.1.1', 'localhost', '[fd00::1]'];
  it.each(['http://eu.pkg.dev/x', ...inside.map((host) => `https://${host}/x`)])('%s is not', (location) => {
    expect(() => addressFrom(location, registry)).toThrow(RangeError);
  });
});

describe('the challenge of a registry', () => {
  it('is read as Artifact Registry and ECR write it', () => {
    const text = 'Bearer realm="https://e.pkg.dev/v2/token",service="e.pkg.dev",scope="repository:a/b:pull,push"';
    expect(readChallenge(text)).toEqual({
      scheme: 'bearer',
      fields: { realm: 'https://e.pkg.dev/v2/token', service: 'e.pkg.dev', scope: 'repository:a/b:pull,push' },
    });
    expect(readChallenge('Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/"').scheme).toBe('basic');
    expect(readChallenge('').scheme).toBe('');
  });
});
