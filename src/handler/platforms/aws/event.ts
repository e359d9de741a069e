/** A function URL or HTTP API event of payload 2.0; both have these fields. */
export interface HttpEvent {
  version: '2.0';
  rawPath: string;
  rawQueryString?: string;
  headers?: Record<string, string>;
  cookies?: string[];
  body?: string;
  isBase64Encoded?: boolean;
  requestContext: { requestId?: string; http: { method: string }; stage?: string; domainName?: string };
}

/** One uploaded object of an S3 event. */
export interface UploadRecord {
  eventSource: 'aws:s3';
  eventName: string;
  awsRegion: string;
  s3: { bucket: { name: string }; object: { key: string; size?: number; eTag?: string; versionId?: string } };
}

export type LambdaEvent =
  | { kind: 'http'; event: HttpEvent }
  | { kind: 'warm' }
  | { kind: 'upload'; records: UploadRecord[] }
  /** S3 tries out a notification that has just been set up. */
  | { kind: 'trial' }
  | { kind: 'unknown'; shape: string };

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/**
 * Distinguishes events by the fields that their services document. An unknown one is described only by its field names.
 */
export function readEvent(event: unknown): LambdaEvent {
  if (!isFields(event)) return { kind: 'unknown', shape: event === null ? 'null' : typeof event };
  const context = event['requestContext'];
  if (event['version'] === '2.0' && isFields(context) && isFields(context['http'])) {
    return { kind: 'http', event: event as unknown as HttpEvent };
  }
  if (event['warm'] === true) return { kind: 'warm' };
  if (event['source'] === 'aws.events' && event['detail-type'] === 'Scheduled Event') return { kind: 'warm' };
  if (event['Event'] === 's3:TestEvent') return { kind: 'trial' };
  const records = event['Records'];
  if (Array.isArray(records) && records.length > 0 && records.every(isUpload)) return { kind: 'upload', records };
  return { kind: 'unknown', shape: describe(event) };
}

function isUpload(record: unknown): record is UploadRecord {
  if (!isFields(record) || record['eventSource'] !== 'aws:s3' || !isFields(record['s3'])) return false;
  const { bucket, object } = record['s3'];
  return (
    isFields(bucket) && typeof bucket['name'] === 'string' && isFields(object) && typeof object['key'] === 'string'
  );
}

function describe(event: Fields): string {
  if ('httpMethod' in event) return 'API Gateway payload 1.0 or a load balancer (expected payload 2.0)';
  const [first] = Array.isArray(event['Records']) ? (event['Records'] as unknown[]) : [];
  if (isFields(first)) return `Records of ${String(first['eventSource'] ?? first['EventSource']).slice(0, 40)}`;
  return `fields ${Object.keys(event).slice(0, 10).join(', ').slice(0, 200) || 'none'}`;
}
