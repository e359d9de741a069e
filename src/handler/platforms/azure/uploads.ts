import { json } from '../../http/answer.ts';
import type { App } from '../../http/app.ts';
import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import { createBatch, ignored, type Upload, type UploadResult } from '../batch/answer-uploads.ts';
import { type UploadOptions, withUploadRoute } from '../batch/upload-route.ts';
import { badEvent, readEvent } from '../event-route.ts';

/** Event Grid delivers at most a megabyte at once. Bytes. */
const maxEvents = 1024 * 1024;
/** https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage */
const created = 'Microsoft.Storage.BlobCreated';
const expected = `events of the type ${created} in Event Grid's schema`;

interface GridEvent {
  eventType?: unknown;
  subject?: unknown;
  data?: { eTag?: unknown; url?: unknown; validationCode?: unknown };
}

/**
 * Answers events of uploads to the container that COLDGATE_BATCH_BUCKET names (`account/container`), which Event Grid
 * delivers for a day, and leaves every other request to the application. Without that variable it is the application itself.
 */
export function withUploads(app: App, { variables, write, limit }: UploadOptions): App {
  const bucket = variables['COLDGATE_BATCH_BUCKET'];
  if (!bucket) return app;
  // Writing is read when a file comes, so that requests do not pay for it.
  const objects = async () => (await import('../../objects/azure.ts')).openObjects(bucket, variables);
  const answer = once(createBatch({ app, objects, write, variables, limit }));
  return withUploadRoute(app, (request) => answerEvents(request, bucket, answer));
}

async function answerEvents(
  request: AppRequest,
  bucket: string,
  answer: (upload: Upload) => Promise<UploadResult>,
): Promise<AppResponse> {
  const read = readEvent(await request.read(maxEvents));
  const events: GridEvent[] = Array.isArray(read) ? read.map((one) => Object(one) as GridEvent) : [];
  const kind = request.headers.get('aeg-event-type');
  // How Event Grid learns that the endpoint wants its events: https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
  const code = kind === 'SubscriptionValidation' ? events[0]?.data?.validationCode : undefined;
  if (typeof code === 'string') return json(200, { validationResponse: code });
  const uploads = events.map(uploadOf);
  if (kind !== 'Notification' || uploads.length === 0 || uploads.includes(undefined)) return badEvent(expected);
  const results: UploadResult[] = [];
  for (const upload of uploads as Upload[]) {
    results.push(upload.bucket === bucket ? await answer(upload) : ignored(upload.key));
  }
  return json(200, results);
}

/** The blob that an event is about. Its ETag is a time: the end of it tells contents apart, not the beginning. */
function uploadOf({ eventType, subject, data }: GridEvent): Upload | undefined {
  const [, container, key] = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s.exec(String(subject)) ?? [];
  const { url, eTag } = data ?? {};
  const [account = ''] = URL.canParse(String(url)) ? new URL(String(url)).hostname.split('.') : [];
  const tag = /^"?(0x[0-9A-Fa-f]{1,32})"?$/.exec(String(eTag))?.[1];
  if (eventType !== created || container === undefined || key === undefined || tag === undefined) return undefined;
  return { bucket: `${account}/${container}`, key, mark: tag.slice(2).slice(-12), only: `"${tag}"` };
}

/**
 * Event Grid waits thirty seconds for an answer and then delivers the event again: what is still being worked on is waited
 * for, and not begun again.
 */
function once(answer: (upload: Upload) => Promise<UploadResult>): typeof answer {
  const running = new Map<string, Promise<UploadResult>>();
  return (upload) => {
    const name = `${upload.key} ${upload.only}`;
    const known = running.get(name);
    if (known !== undefined) return known;
    const begun = answer(upload).finally(() => running.delete(name));
    running.set(name, begun);
    return begun;
  };
}
