import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeImageContext } from '../../src/package/image-context.ts';
import { fakePackage } from '../fakes/targets/packages.ts';

const base = `public.ecr.aws/lambda/nodejs:24@sha256:${'a'.repeat(64)}`;

describe('the context of an image', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coldgate-image-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('copies the package, in a folder of its digest, onto the base image by digest, and starts the handler', async () => {
    const zip = fakePackage(join(folder, 'packages'));
    const context = join(folder, 'context');
    await writeImageContext(zip, base, context);
    const lines = readFileSync(join(context, 'Dockerfile'), 'utf8').trimEnd().split('\n').slice(1);
    const copy = `COPY ${zip.sha256}/ \${LAMBDA_TASK_ROOT}/`;
    expect(lines).toEqual([`FROM ${base}`, copy, 'CMD ["lambda.handler"]']);
    expect(readdirSync(join(context, zip.sha256))).toEqual(['node.cjs']);
  });

  it('writes the same again, and makes good what was changed in between', async () => {
    const zip = fakePackage(join(folder, 'packages'));
    const context = join(folder, 'context');
    await writeImageContext(zip, base, context);
    const file = join(context, zip.sha256, 'node.cjs');
    const before = readFileSync(file);
    writeFileSync(file, 'changed');
    await writeImageContext(zip, base, context);
    expect(readFileSync(file)).toEqual(before);
  });

  it('refuses a package that is not what its digest says', async () => {
    const zip = fakePackage(join(folder, 'packages'));
    writeFileSync(zip.path, 'damaged');
    await expect(writeImageContext(zip, base, join(folder, 'context'))).rejects.toMatchObject({ code: 'bad-zip' });
  });
});
