import { endsAfter } from '../platforms/google/end-after.ts';
import { loadFirstMs } from '../platforms/google/load-first.ts';
import { toTraceparent } from '../platforms/google/trace.ts';
import { googleForm, googleProject } from '../platforms/log-forms/google.ts';
import { compilePart } from './load-part.ts';

/**
 * `node cloud-run.cjs`: the function as a Cloud Run service, which sets PORT to the expected port and K_REVISION to the
 * revision's name. https://docs.cloud.google.com/run/docs/container-contract
 */
function main(): void {
  const { env } = process;
  env['COLDGATE_REVISION'] ||= env['K_REVISION'] ?? '';
  endsAfter(env['COLDGATE_END_KEY']);
  compilePart()
    .evaluate()
    .run({
      entry: import.meta.filename,
      platform: {
        host: '0.0.0.0',
        logForm: googleForm(googleProject(env)),
        loadFirstMs,
        traceparent: (headers) => toTraceparent(headers['x-cloud-trace-context']),
        freezesIdle: true,
        takesUploads: true,
      },
    });
}

main();
