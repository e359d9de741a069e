import { afterAll, beforeAll, expect, it } from 'vitest';
import { camelKeys } from '../../src/config/camel-keys.ts';
import { googleCloudRunTarget } from '../../src/config/schema/google-cloud-run.ts';
import { silentLogger } from '../../src/log.ts';
import { contextOf } from '../../src/targets/google-cloud-run/context.ts';
import { archiveOf, imageOf } from '../../src/targets/google-cloud-run/image.ts';
import { templateOf } from '../../src/targets/google-cloud-run/wanted.ts';
import { crane } from '../emulators/crane.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { RegistryBed } from './registry-bed.ts';

describePart('crane', whyNot(crane), 'package: image of the google-cloud-run target', () => {
  let bed: RegistryBed;
  beforeAll(async () => {
    bed = await RegistryBed.open();
    bed.front.login = 'oauth2accesstoken:an-access-token';
  });
  afterAll(() => bed?.close());

  /** Repositories of models.yaml are Google's alone, so that this one is put in behind the schema. */
  const contextFor = (more: object = {}) => {
    const parsed = googleCloudRunTarget.parse({
      ...{ provider: 'google-cloud-run', project: 'acme-project', region: 'europe-west1', package: 'image' },
      ...{ 'service-account': 'digits@acme-project.iam.gserviceaccount.com' },
    });
    const settings = { ...camelKeys(parsed), artifactRepository: `${bed.front.host}/acme-project/models`, ...more };
    const { signal } = new AbortController();
    const deps = { log: silentLogger, stateDir: bed.folder, now: () => new Date(), signal };
    const context = contextOf(settings, deps);
    const headers = async () => ({ authorization: 'Bearer an-access-token' });
    return { ...context, credentials: { ...context.credentials, headers } };
  };
  const build = async (context: ReturnType<typeof contextFor>) => {
    const layer = await bed.layer('export {}');
    const options = { name: 'digits-production', cacheDir: bed.cacheDir, dryRun: false };
    return imageOf(context, ['cloud-run.cjs'])?.build?.(layer, options);
  };
  const containerOf = (context: ReturnType<typeof contextFor>, image: string) => {
    const settings = { name: 'digits-production', model: 'digits', storeVariables: {}, handlerVariables: {} };
    const request = { settings, package: { path: '', size: 0, sha256: '', image } };
    const digests = { packageSha256: 'a', settingsSha256: 'b' };
    const wanted = { purpose: 'live' as const, version: null, ...digests, until: undefined, reports: 'r' };
    const of = { name: 'digits-l-1', wanted, request, source: undefined, skipCheck: false };
    return templateOf(context.settings, of).containers?.[0];
  };

  it('is our layer alone, which Cloud Run puts on its own base', async () => {
    const context = contextFor();
    expect(archiveOf(context)).toEqual({ root: 'workspace' });
    const made = await build(context);
    expect(made?.image).toBe(`${bed.front.host}/acme-project/models/digits-production@sha256:${made?.sha256}`);
    bed.crane('validate', '--remote', bed.direct(made?.image ?? ''));
    const container = containerOf(context, made?.image ?? '');
    expect(container).toMatchObject({ image: made?.image, command: ['node'], args: ['cloud-run.cjs'] });
    expect(container?.baseImageUri).toBe('europe-west1-docker.pkg.dev/serverless-runtimes/google-24/runtimes/nodejs24');
  });

  it('is whole on the base that models.yaml names, and brings its command along', async () => {
    const context = contextFor({
      baseImage: bed.base('bases/node').replace(bed.direct(bed.front.host), bed.front.host),
    });
    const made = await build(context);
    const { config } = JSON.parse(bed.crane('config', bed.direct(made?.image ?? '')));
    expect(config).toMatchObject({
      Entrypoint: ['node'],
      Cmd: ['cloud-run.cjs'],
      WorkingDir: '/workspace',
      User: '33:33',
    });
    const container = containerOf(context, made?.image ?? '');
    expect([container?.image, container?.baseImageUri, container?.command]).toEqual([
      made?.image,
      undefined,
      undefined,
    ]);
  });

  it('is the user’s own by its digest', () => {
    const digest = 'd'.repeat(64);
    const image = imageOf(contextFor({ imageDigest: `sha256:${digest}` }), []);
    expect(image?.package).toMatchObject({
      sha256: digest,
      image: `${bed.front.host}/acme-project/models@sha256:${digest}`,
    });
    expect(image?.build).toBeUndefined();
  });
});
