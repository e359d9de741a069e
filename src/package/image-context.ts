import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageFile } from './package-file.ts';
import { extractPackage } from './unzip.ts';

/**
 * Writes what `docker build` and docker/build-push-action take as context: the unpacked package, in a folder named by its
 * digest, and a Dockerfile that copies it onto the base image. Done before, it is left as it is; the same package and base
 * give the same files on every machine. Throws IntegrityError `bad-zip`.
 * @param base image by digest, with Lambda's runtime interface client in it
 */
export async function writeImageContext(zip: PackageFile, base: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await extractPackage(zip, dir);
  await writeFile(join(dir, 'Dockerfile'), dockerfile(zip.sha256, base));
}

/** Lambda's own base images start the runtime client, which takes the handler's name from CMD. */
const dockerfile = (sha256: string, base: string): string =>
  [
    '# Written by coldgate deploy --image-context. The folder is named by the digest of the package in it.',
    `FROM ${base}`,
    `COPY ${sha256}/ \${LAMBDA_TASK_ROOT}/`,
    'CMD ["lambda.handler"]',
    '',
  ].join('\n');
