import { sinceStart } from '../../clock.ts';
import type { App } from '../../http/app.ts';
import type { WriteLine } from '../../http/log-line.ts';
import type { Objects, Place } from '../../objects/objects.ts';
import type { Variables } from '../../settings.ts';
import { inferLines, isFailure } from './infer-lines.ts';

/** One object that was put into a bucket, as the event of its cloud names it. */
export interface Upload extends Place {
  /** What tells this content from another one under the same key: an ETag, a digest. */
  mark: string | undefined;
}

export interface UploadDeps {
  app: App;
  objects: () => Promise<Objects>;
  write: WriteLine;
  variables: Variables;
  /** Largest line, bytes. */
  limit: number;
}

export interface UploadResult {
  input: string;
  output?: string;
  status: 'written' | 'done-before' | 'ignored' | 'replaced';
  lines?: number;
  /** Lines that have an error for their result. */
  failed?: number;
}

/** Results are held in memory until they are written, so a file of them must fit. Bytes. */
const maxOutput = 256 * 1024 * 1024;

/** Answers an upload with results beside it. Rejects where the bucket or the model is not there: it is then tried again. */
export function createBatch(deps: UploadDeps): (upload: Upload) => Promise<UploadResult> {
  const { variables } = deps;
  const outputs = variables['COLDGATE_BATCH_OUTPUT'] || 'results/';
  const inputs = variables['COLDGATE_BATCH_INPUT'] ?? '';
  const suffix = variables['COLDGATE_BATCH_SUFFIX'] ?? '';
  /** Results of the function are never its inputs, or it would go on for ever. */
  const isInput = (key: string): boolean => {
    // A URL would take these segments away and name another object.
    const dots = key.split('/').some((segment) => segment === '.' || segment === '..');
    return key.startsWith(inputs) && key.endsWith(suffix) && !key.startsWith(outputs) && !dots;
  };
  return async (upload) => {
    const started = sinceStart();
    const result = isInput(upload.key) ? await inferObject(deps, upload, outputs) : ignored(upload.key);
    logResult(deps, result, sinceStart() - started);
    return result;
  };
}

/** An object that no results are made of. */
export const ignored = (input: string): UploadResult => ({ input, status: 'ignored' });

/** One line for a file; keys are the account's own, not a caller's values. */
export function logResult({ app, write }: UploadDeps, result: UploadResult, ms: number): void {
  const facts = { instance_id: app.instanceId, ...result, ms: Math.round(ms) };
  write(JSON.stringify({ level: 'info', time: new Date().toISOString(), event: 'batch', ...facts }));
}

async function inferObject(
  { app, objects, limit }: UploadDeps,
  upload: Upload,
  outputs: string,
): Promise<UploadResult> {
  const { bucket, key, mark } = upload;
  const output = outputKey(outputs, key, mark);
  const store = await objects();
  if (await store.exists(bucket, output)) return { input: key, output, status: 'done-before' };
  const body = await store.read(upload);
  if (body === 'gone') return { input: key, status: 'replaced' };
  const parts: Buffer[] = [];
  let size = 0;
  let failed = 0;
  for await (const line of inferLines(app, body, limit)) {
    const bytes = Buffer.from(`${line}\n`);
    size += bytes.byteLength;
    if (size > maxOutput) {
      throw new RangeError(`Results of ${store.scheme}://${bucket}/${key} are larger than ${maxOutput} bytes.`);
    }
    parts.push(bytes);
    if (isFailure(line)) failed++;
  }
  const created = await store.create(bucket, output, Buffer.concat(parts));
  return { input: key, output, status: created ? 'written' : 'done-before', lines: parts.length, failed };
}

/** Named by the input's bytes too: a file that is uploaded again with other content gets results of its own. */
function outputKey(outputs: string, key: string, mark: string | undefined): string {
  const ending = mark ? `.${mark.replace(/[^\w-]/g, '').slice(0, 12)}` : '';
  return `${outputs}${key.replace(/\.jsonl$/, '')}${ending}.jsonl`;
}
