import { sinceStart } from '../../clock.ts';
import type { App } from '../../http/app.ts';
import type { WriteLine } from '../../http/log-line.ts';
import type { Variables } from '../../settings.ts';
import type { UploadRecord } from './event.ts';
import { inferLines, isFailure } from './infer-lines.ts';
import type { Objects } from './objects.ts';

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

/** Writes results beside uploads. Rejects where S3 or the model is not available: Lambda then retries. */
export function createUpload(deps: UploadDeps): (records: readonly UploadRecord[]) => Promise<UploadResult[]> {
  const { variables } = deps;
  const outputs = variables['COLDGATE_BATCH_OUTPUT'] || 'results/';
  const inputs = variables['COLDGATE_BATCH_INPUT'] ?? '';
  return async (records) => {
    const results: UploadResult[] = [];
    for (const record of records) {
      const started = sinceStart();
      const key = decodeURIComponent(record.s3.object.key.replaceAll('+', ' '));
      const result = isInput(record, key, inputs, outputs)
        ? await inferObject(deps, record, key, outputs)
        : { input: key, status: 'ignored' as const };
      results.push(result);
      logResult(deps, result, sinceStart() - started);
    }
    return results;
  };
}

/** One line for a file; keys are the account's own, not a caller's values. */
function logResult({ app, write }: UploadDeps, result: UploadResult, ms: number): void {
  const facts = { instance_id: app.instanceId, ...result, ms: Math.round(ms) };
  write(JSON.stringify({ level: 'info', time: new Date().toISOString(), event: 'batch', ...facts }));
}

/** Results of the function are never its inputs, or it would never end. */
function isInput({ eventName }: UploadRecord, key: string, inputs: string, outputs: string): boolean {
  // A URL would take these segments away and name another object.
  const dots = key.split('/').some((segment) => segment === '.' || segment === '..');
  return /^(?:s3:)?ObjectCreated:/.test(eventName) && key.startsWith(inputs) && !key.startsWith(outputs) && !dots;
}

async function inferObject(
  { app, objects, limit }: UploadDeps,
  { s3 }: UploadRecord,
  key: string,
  outputs: string,
): Promise<UploadResult> {
  const { eTag, versionId } = s3.object;
  const bucket = s3.bucket.name;
  const output = outputKey(outputs, key, eTag);
  const store = await objects();
  if (await store.exists(bucket, output)) return { input: key, output, status: 'done-before' };
  const body = await store.read(bucket, key, eTag, versionId);
  if (body === 'gone') return { input: key, status: 'replaced' };
  const parts: Buffer[] = [];
  let size = 0;
  let failed = 0;
  for await (const line of inferLines(app, body, limit)) {
    const bytes = Buffer.from(`${line}\n`);
    size += bytes.byteLength;
    if (size > maxOutput) throw new RangeError(`Results of s3://${bucket}/${key} are larger than ${maxOutput} bytes.`);
    parts.push(bytes);
    if (isFailure(line)) failed++;
  }
  const created = await store.create(bucket, output, Buffer.concat(parts));
  return { input: key, output, status: created ? 'written' : 'done-before', lines: parts.length, failed };
}

/** Named by the input's bytes too: a file that is uploaded again with other content gets separate results. */
function outputKey(outputs: string, key: string, etag: string | undefined): string {
  const mark = etag ? `.${etag.replace(/[^\w-]/g, '').slice(0, 12)}` : '';
  return `${outputs}${key.replace(/\.jsonl$/, '')}${mark}.jsonl`;
}
