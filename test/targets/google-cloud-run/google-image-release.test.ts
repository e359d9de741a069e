import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crane } from '../../emulators/crane.ts';
import { whyNot } from '../../emulators/part.ts';
import { describePart } from '../../emulators/servers.ts';
import { tinySample } from '../../fixtures/onnx.ts';
import { ReleaseBench } from '../../google/release-bench.ts';
import { ArtifactRegistry } from '../../oci/artifact-registry.ts';

/* By the command line as a process: an image is built without Docker and pushed under its real name, through a proxy. */
describePart('crane', whyNot(crane), 'package: image on Cloud Run, released by the command line', () => {
  let registry: ArtifactRegistry;
  let bench: ReleaseBench;
  /** Images that Cloud Run has looked for, with the base that was to be put under them. */
  const wanted: [string, string | undefined][] = [];

  beforeAll(async () => {
    registry = await ArtifactRegistry.open();
    const images = async (reference: string, baseImage?: string) => {
      wanted.push([reference, baseImage]);
      return { folder: join(registry.unpacked(reference), 'workspace') };
    };
    bench = await ReleaseBench.open({ knobs: { looks: 0 }, images });
    registry.isToken = (token) => bench.google.context.iam.tokenOf(`Bearer ${token}`)?.kind === 'access';
    bench.target = `package: image, artifact-repository: "${registry.host}/coldgate-test/models"`;
    bench.env = registry.environment;
    bench.release({});
    await bench.json('publish');
  });
  afterAll(async () => {
    await bench?.close();
    await registry?.close();
  });

  const image = (): string => {
    const { spec, revisions } = bench.service()!;
    return revisions.get(spec.traffic?.[0]?.revision ?? '')?.template.containers?.[0]?.image ?? '';
  };

  it('pushes one layer for Google’s base and serves the function in it', async () => {
    await bench.json('deploy');
    await bench.json('promote', '--gate', 'skip');
    expect(await bench.infer(bench.service()?.uri ?? '', tinySample.inputs)).toMatchObject({
      ...{ status: 200, version: '1.0.0' },
    });
    expect(image()).toMatch(/^europe-west1-docker\.pkg\.dev\/coldgate-test\/models\/digits-local@sha256:[0-9a-f]{64}$/);
    registry.validate(image());
    const base = 'europe-west1-docker.pkg.dev/serverless-runtimes/google-24/runtimes/nodejs24';
    expect(wanted).toContainEqual([image(), base]);
    expect(registry.requests.filter((one) => one.startsWith('PUT') && one.includes('/manifests/'))).toHaveLength(1);
  });

  it('pushes nothing again, and changes nothing', async () => {
    registry.requests.length = 0;
    bench.calls();
    await bench.json('promote', '--gate', 'skip');
    expect(bench.calls().writes).toEqual([]);
    expect(registry.requests.filter((one) => !one.startsWith('HEAD'))).toEqual([]);
  });

  it('says what to grant where the registry lets nobody in', async () => {
    registry.isToken = () => false;
    const { exit, stderr } = await bench.run(['promote', '--gate', 'skip']);
    expect([exit, stderr]).toEqual([8, expect.stringContaining('roles/artifactregistry.writer')]);
  });

  it('goes away as a whole', async () => {
    registry.isToken = () => true;
    await bench.json('destroy');
    expect(bench.inventory()).toEqual([]);
  });
});
