import { createBatch, ignored, logResult, type UploadDeps, type UploadResult } from '../batch/answer-uploads.ts';
import type { UploadRecord } from './event.ts';

/** Writes results beside uploads. Rejects where S3 or the model is not available: Lambda then retries. */
export function createUpload(deps: UploadDeps): (records: readonly UploadRecord[]) => Promise<UploadResult[]> {
  const answer = createBatch(deps);
  return async (records) => {
    const results: UploadResult[] = [];
    for (const { eventName, s3 } of records) {
      const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
      if (/^(?:s3:)?ObjectCreated:/.test(eventName)) {
        const { eTag, versionId } = s3.object;
        results.push(await answer({ bucket: s3.bucket.name, key, mark: eTag, only: eTag, versionId }));
      } else {
        logResult(deps, ignored(key), 0);
        results.push(ignored(key));
      }
    }
    return results;
  };
}
