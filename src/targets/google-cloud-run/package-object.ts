import { createHash } from 'node:crypto';
import { ColdgateError, exitCodes, IntegrityError } from '../../errors.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { readPackage } from '../../package/package-cache.ts';
import type { PackageFile } from '../../package/package-file.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import type { RunContext } from './context.ts';
import { isMissing } from './refusal.ts';
import type { Source } from './resources.ts';

/** Folder of our packages in a bucket. */
const folder = 'coldgate/packages';
/** Longest upload of 250 MiB, ms. */
const uploadMs = 600_000;

interface ObjectResource {
  generation: string;
  size: string;
  md5Hash?: string;
}

/**
 * Puts the archive under its digest, once, and returns where it is; undefined for an image. A run looks once: what it has
 * found is named by its generation. What is there under that name must have its bytes. Throws IntegrityError where it has
 * others, and ColdgateError `no-bucket` (exit 2) where there is none.
 */
export async function sourceOf(
  context: RunContext,
  request: Pick<DeployRequest, 'settings' | 'package'>,
): Promise<Source | undefined> {
  const { package: from, settings } = request;
  if (from.image !== undefined) return undefined;
  const bucket = context.settings.uploadBucket ?? bucketOf(settings.storeVariables);
  if (bucket === undefined) throw noBucket();
  const object = `${folder}/${from.sha256}.tar.gz`;
  const place = `gs://${bucket}/${object}`;
  if (!context.sources.has(place)) {
    const found = placed(context, { bucket, object }, from);
    context.sources.set(place, found);
    found.catch(() => context.sources.delete(place));
  }
  return context.sources.get(place);
}

async function placed(
  context: RunContext,
  { bucket, object }: Pick<Source, 'bucket' | 'object'>,
  archive: PackageFile,
): Promise<Source> {
  const bytes = await readPackage(archive);
  const found = (await find(context, bucket, object)) ?? (await upload(context, bucket, object, bytes));
  const md5 = createHash('md5').update(bytes).digest('base64');
  const isOurs = Number(found.size) === bytes.byteLength && (found.md5Hash === undefined || found.md5Hash === md5);
  if (isOurs) return { bucket, object, generation: found.generation };
  throw new IntegrityError('wrong-package', `gs://${bucket}/${object} is not the archive that its name stands for.`, {
    hint: 'Delete that object, find out who has written it, and run this again.',
  });
}

const bucketOf = ({ MODEL_STORE, MODEL_BUCKET }: Record<string, string>): string | undefined =>
  MODEL_STORE === 'gcs' ? MODEL_BUCKET : undefined;

const noBucket = (): ColdgateError =>
  new ColdgateError('no-bucket', exitCodes.usage, 'Cloud Run gets packages from a bucket, and there is none.', {
    hint: 'Name one with upload-bucket in target:; the bucket of a gs:// store is used by default.',
  });

/** Cloud Storage, or an emulator of it, which needs no credentials and must not get them. */
function storage(context: RunContext): { base: string; anonymous: boolean } {
  const emulator = context.env?.['STORAGE_EMULATOR_HOST'];
  if (!emulator) return { base: context.api('storage'), anonymous: false };
  const base = (/^https?:/.test(emulator) ? emulator : `http://${emulator}`).replace(/\/+$/, '');
  return { base, anonymous: true };
}

async function find(context: RunContext, bucket: string, object: string): Promise<ObjectResource | undefined> {
  const { base, anonymous } = storage(context);
  const url = `${base}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`;
  const requestContext = { permission: 'storage.objects.get', resource: `gs://${bucket}/${object}` };
  try {
    return await context.calls.send<ObjectResource>({ method: 'GET', url, anonymous }, requestContext);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Creates the object and nothing else: one that someone has put there meanwhile is read. */
async function upload(context: RunContext, bucket: string, object: string, bytes: Uint8Array): Promise<ObjectResource> {
  const { base, anonymous } = storage(context);
  const { kmsKey } = context.settings;
  const query = new URLSearchParams({ uploadType: 'media', name: object, ifGenerationMatch: '0' });
  if (kmsKey) query.set('kmsKeyName', kmsKey);
  const url = `${base}/upload/storage/v1/b/${bucket}/o?${query}`;
  const requestContext = { permission: 'storage.objects.create', resource: `gs://${bucket}/${object}` };
  context.log.info(`Uploading the package to gs://${bucket}/${object} (${Math.ceil(bytes.byteLength / 1e6)} MB).`);
  const call = { method: 'POST', url, bytes, anonymous, timeoutMs: uploadMs } as const;
  try {
    return await context.calls.send<ObjectResource>(
      { ...call, headers: { 'content-type': 'application/gzip' } },
      requestContext,
    );
  } catch (error) {
    const { cause = error } = error as Error;
    if (!(cause instanceof GoogleFailure)) throw error;
    if (cause.status === 404) throw noSuchBucket(bucket, error);
    const there = cause.status === 412 ? await find(context, bucket, object) : undefined;
    if (there) return there;
    throw error;
  }
}

const noSuchBucket = (bucket: string, cause: unknown): ColdgateError =>
  new ColdgateError('no-bucket', exitCodes.usage, `There is no bucket ${bucket} for packages.`, {
    hint: `Correct upload-bucket or the store's URL, or make it: gcloud storage buckets create gs://${bucket} --uniform-bucket-level-access`,
    cause,
  });
