import { badRequest } from '../api-error.ts';
import type { Buckets } from '../storage/buckets.ts';
import { parts } from '../storage/parts.ts';
import type { ApiMethod } from '../surface.ts';
import type { CloudRun } from './cloud-run.ts';

/** Sources that Cloud Run keeps itself, in a bucket that it makes. */
export function uploadMethods(run: CloudRun, buckets: Buckets): Record<string, ApiMethod> {
  return {
    'run.projects.locations.sourceUploads.upload': {
      needs: ({ labels }) => [{ permission: 'run.locations.uploadSource', resource: labels['parent'] ?? '' }],
      answer({ labels, raw }) {
        const boundary = /^--(.+)\r\n/.exec(raw.subarray(0, 200).toString())?.[1];
        if (boundary === undefined) throw badRequest([{ field: 'media', description: 'is no multipart upload' }]);
        const [metadata, bytes] = parts(`multipart/related; boundary=${boundary}`, raw);
        const bucket = `run-sources-${run.world.project}-${labels['parent']?.split('/')[3] ?? ''}`;
        buckets.create(bucket);
        run.world.iam.grant(run.world.iam.serviceAgent, ['storage.objects.get'], `projects/_/buckets/${bucket}`, 0);
        const object = `services/${metadata['service']}/${run.world.version()}.tar.gz`;
        const { generation } = buckets.put(bucket, object, bytes, {}, new URLSearchParams());
        return { cloudStorageSource: { bucket, object, generation } };
      },
    },
  };
}
