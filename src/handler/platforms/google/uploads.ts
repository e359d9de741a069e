import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import { createBatch, ignored, type Upload } from '../batch/answer-uploads.ts';
import { type UploadOptions, withUploadRoute } from '../batch/upload-route.ts';
import { badEvent, readEvent } from '../event-route.ts';

/** The metadata of an object is far smaller. Bytes. */
const maxEvent = 256 * 1024;
/** https://cloud.google.com/eventarc/docs/reference/supported-events */
const finalized = 'google.cloud.storage.object.v1.finalized';

/**
 * Answers events of uploads to the bucket that COLDGATE_BATCH_BUCKET names, which Eventarc delivers for a day, and leaves
 * every other request to the application. Without that variable it is the application itself.
 */
export function withUploads(app: App, { variables, write, limit }: UploadOptions): App {
  const bucket = variables['COLDGATE_BATCH_BUCKET'];
  if (!bucket) return app;
  // Writing is read when a file comes, so that requests do not pay for it.
  const objects = async () => (await import('../../objects/gcs.ts')).openObjects(variables);
  const answer = createBatch({ app, objects, write, variables, limit });
  return withUploadRoute(app, async (request) => {
    // Its body is read whatever it is, so that the connection can be used again.
    const object = readObject(readEvent(await request.read(maxEvent)));
    if (request.headers.get('ce-type') !== finalized || object === undefined) {
      return badEvent(`an event of the type ${finalized}`);
    }
    return json(200, object.bucket === bucket ? await answer(object) : ignored(object.key));
  });
}

/** The object that an event is about: https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
function readObject(event: unknown): Upload | undefined {
  const { bucket, name, generation, md5Hash } = Object(event) as Record<string, unknown>;
  if (typeof bucket !== 'string' || typeof name !== 'string' || !/^\d{1,20}$/.test(String(generation)))
    return undefined;
  // Composed objects have no MD5; their generation then stands for their content, in few characters.
  const mark = typeof md5Hash === 'string' ? Buffer.from(md5Hash, 'base64').toString('hex') : shortOf(generation);
  return { bucket, key: name, mark, only: String(generation) };
}

const shortOf = (generation: unknown): string => `g${BigInt(String(generation)).toString(36)}`;
