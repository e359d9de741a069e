import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { type TargetBench, targetContract } from '../../contracts/target.ts';
import { openContractBench } from '../../google/contract-bench.ts';
import type { Files } from '../../google/run/cloud-run.ts';
import { type CloudRunBench, fakeHandler } from '../../google/target-bench.ts';

const knobs = { looks: 0 };
const containers = (bench: CloudRunBench) =>
  [...(bench.service?.revisions.values() ?? [])].flatMap(({ template }) => template.containers ?? []);

/* A Cloud Run function: a service by which Google's console knows it, started through the functions framework. */
targetContract('google-cloud-run with kind: function', () =>
  openContractBench({
    knobs,
    settings: { kind: 'function' },
    packages: async (bench) => [
      await bench.package('', 'google-function.cjs'),
      await bench.package('another build', 'google-function.cjs'),
    ],
    check: (bench) => {
      expect(bench.service?.spec.buildConfig).toMatchObject({ functionTarget: 'coldgate' });
      for (const { args } of containers(bench)) expect(args).toEqual(['google-function.cjs']);
    },
  }),
);

const repository = 'europe-west1-docker.pkg.dev/coldgate-test/models/digits';

/** Files of images, by the references that templates have; another note gives another image. */
function image(images: Map<string, Files>, folder: string, note: string): TargetBench['packages'][0] {
  const text = fakeHandler(note);
  const digest = sha256(Buffer.from(text));
  const files = join(folder, digest);
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, 'cloud-run.cjs'), text);
  const reference = `${repository}@sha256:${digest}`;
  images.set(reference, { folder: files });
  return { path: '', sha256: digest, size: 0, image: reference };
}

const images = new Map<string, Files>();

/* An image of the handler's files alone, which Cloud Run puts on a base of Google's. */
targetContract('google-cloud-run with package: image', () =>
  openContractBench({
    ...{ knobs, images },
    settings: { package: 'image', 'artifact-repository': repository },
    packages: async ({ folder }) => [image(images, folder, ''), image(images, folder, 'another build')],
    check: (bench) => {
      expect(bench.google.buckets.all('models').size).toBe(0);
      for (const one of containers(bench)) {
        expect(images.has(one.image ?? '')).toBe(true);
        expect([one.sourceCode, one.baseImageUri]).toEqual([undefined, expect.stringContaining('/nodejs24')]);
      }
    },
  }),
);
