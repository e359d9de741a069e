import { ApiError } from '../api-error.ts';
import type { GoogleContext } from '../context.ts';
import { type Sources, StartError } from '../edge/source.ts';
import type { Buckets } from '../storage/buckets.ts';
import type { Files, FilesOf } from './cloud-run.ts';

/** Images by the reference that a template names them by, or what looks them up. */
export type Images =
  | ReadonlyMap<string, Files>
  | ((reference: string, baseImage?: string) => Promise<Files | undefined>);

/**
 * The files of a revision: its source, read as the service agent reads it, or those of an image. Throws StartError as the
 * platform would say it.
 */
export function filesOf(context: GoogleContext, buckets: Buckets, sources: Sources, images: Images): FilesOf {
  return async ({ template }) => {
    const { image = '', baseImageUri, sourceCode } = template.containers?.[0] ?? {};
    const source = sourceCode?.cloudStorageSource;
    if (!source) {
      const found = typeof images === 'function' ? await images(image, baseImageUri) : images.get(image);
      if (found) return found;
      throw new StartError(`Image '${image}' not found.`);
    }
    const { bucket = '', object = '', generation } = source;
    const { serviceAgent } = context.iam;
    if (!context.iam.allows(serviceAgent, 'storage.objects.get', `projects/_/buckets/${bucket}/objects/${object}`)) {
      throw new StartError(
        `${serviceAgent} does not have storage.objects.get access to the Google Cloud Storage object gs://${bucket}/${object}.`,
      );
    }
    try {
      const found = buckets.get(bucket, object, new URLSearchParams(generation === undefined ? {} : { generation }));
      return { folder: await sources.unpack(found.bytes) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new StartError(`The source gs://${bucket}/${object} cannot be read: ${error.message}`);
    }
  };
}
