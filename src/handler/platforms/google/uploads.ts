import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import type { WriteLine } from '../../http/log-line.ts';
import type { Variables } from '../../settings.ts';
import { createBatch, type Upload, type UploadResult } from '../batch/answer-uploads.ts';

/** Where events of uploads come to: the path of the Eventarc trigger. */
const uploadPath = '/coldgate/uploads';
/** The metadata of an object is far smaller. Bytes. */
const maxEvent = 256 * 1024;
/** https://cloud.google.com/eventarc/docs/reference/supported-events */
const finalized = 'google.cloud.storage.object.v1.finalized';

export interface UploadOptions {
  variables: Variables;
  write: WriteLine;
  /** Largest line, bytes. */
  limit: number;
}

/**
 * Answers events of uploads to the bucket that COLDGATE_BATCH_BUCKET names, and leaves every other request to the
 * application. Without that variable it is the application itself.
 */
export function withUploads(app: App, { variables, write, limit }: UploadOptions): App {
  const bucket = variables['COLDGATE_BATCH_BUCKET'];
  if (!bucket) return app;
  // Writing is read when a file comes, so that requests do not pay for it.
  const objects = async () => (await import('./objects.ts')).openObjects(variables);
  const answer = createBatch({ app, objects, write, variables, limit });
  return {
    instanceId: app.instanceId,
    get isStuck() {
      return app.isStuck;
    },
    handle: (request) => (isEvent(request) ? answerEvent(request, bucket, answer) : app.handle(request)),
    poll: () => app.poll(),
    warm: () => app.warm(),
    close: () => app.close(),
  };
}

const isEvent = ({ method, url }: AppRequest): boolean =>
  method === 'POST' && new URL(url, 'http://localhost').pathname === uploadPath;

/** 200 ends the delivery of an event; after anything else it is delivered again, for a day. */
async function answerEvent(
  request: AppRequest,
  bucket: string,
  answer: (upload: Upload) => Promise<UploadResult>,
): Promise<AppResponse> {
  try {
    // Its body is read whatever it is, so that the connection can be used again.
    const object = readObject(await request.read(maxEvent));
    if (request.headers.get('ce-type') !== finalized || object === undefined) {
      return json(400, { error: { code: 'bad-event', message: `Expected an event of the type ${finalized}.` } });
    }
    if (object.bucket !== bucket) return json(200, { input: object.key, status: 'ignored' });
    return json(200, await answer(object));
  } catch (error) {
    return json(503, { error: { code: 'batch-unavailable', message: (error as Error).message } });
  }
}

/** The object that an event is about: https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
function readObject(body: Uint8Array): Upload | undefined {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { bucket, name, generation, md5Hash } = event ?? {};
  if (typeof bucket !== 'string' || typeof name !== 'string' || !/^\d{1,20}$/.test(String(generation)))
    return undefined;
  // Composed objects have no MD5; their generation then stands for their content, in few characters.
  const mark = typeof md5Hash === 'string' ? Buffer.from(md5Hash, 'base64').toString('hex') : shortOf(generation);
  return { bucket, key: name, mark, only: String(generation) };
}

const shortOf = (generation: unknown): string => `g${BigInt(String(generation)).toString(36)}`;
