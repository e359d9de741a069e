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

/**
 * An event of API Gateway's payload 1.0, of a REST API or an HTTP API (`version: '1.0'`), or of a load balancer
 * (`requestContext.elb`). Where nothing is given, they have null as well as no field.
 */
export interface ProxyEvent {
  version?: '1.0';
  httpMethod: string;
  path: string;
  /** `/v1/{proxy+}`: of API Gateway alone. */
  resource?: string;
  pathParameters?: Record<string, string> | null;
  headers?: Record<string, string> | null;
  multiValueHeaders?: Record<string, string[]> | null;
  queryStringParameters?: Record<string, string> | null;
  multiValueQueryStringParameters?: Record<string, string[]> | null;
  body?: string | null;
  isBase64Encoded?: boolean;
  requestContext: { requestId?: string; stage?: string; elb?: unknown };
}

/** One uploaded object of an S3 event. */
export interface UploadRecord {
  eventSource: 'aws:s3';
  eventName: string;
  awsRegion: string;
  s3: { bucket: { name: string }; object: { key: string; size?: number; eTag?: string; versionId?: string } };
}

/** One message of an SQS event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export interface MessageRecord {
  eventSource: 'aws:sqs';
  messageId: string;
  body: string;
  attributes: { ApproximateReceiveCount: string };
}

export type LambdaEvent =
  | { kind: 'http'; event: HttpEvent }
  | { kind: 'proxy'; event: ProxyEvent }
  /** What an invocation without a gateway asks for: the body of POST /v1/infer. */
  | { kind: 'direct'; body: Record<string, unknown> }
  | { kind: 'warm' }
  | { kind: 'upload'; records: UploadRecord[] }
  | { kind: 'messages'; records: MessageRecord[] }
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
  if (typeof event['httpMethod'] === 'string' && typeof event['path'] === 'string' && isFields(context)) {
    return { kind: 'proxy', event: event as unknown as ProxyEvent };
  }
  if (event['warm'] === true) return { kind: 'warm' };
  if (event['source'] === 'aws.events' && event['detail-type'] === 'Scheduled Event') return { kind: 'warm' };
  if (event['Event'] === 's3:TestEvent') return { kind: 'trial' };
  const records = event['Records'];
  if (Array.isArray(records) && records.length > 0) {
    if (records.every(isUpload)) return { kind: 'upload', records };
    if (records.every(isMessage)) return { kind: 'messages', records };
  }
  if ('inputs' in event) return { kind: 'direct', body: event };
  return { kind: 'unknown', shape: describe(event) };
}

function isUpload(record: unknown): record is UploadRecord {
  if (!isFields(record) || record['eventSource'] !== 'aws:s3' || !isFields(record['s3'])) return false;
  const { bucket, object } = record['s3'];
  return (
    isFields(bucket) && typeof bucket['name'] === 'string' && isFields(object) && typeof object['key'] === 'string'
  );
}

function isMessage(record: unknown): record is MessageRecord {
  if (!isFields(record) || record['eventSource'] !== 'aws:sqs' || !isFields(record['attributes'])) return false;
  const { messageId, body, attributes } = record;
  const count = (attributes as Fields)['ApproximateReceiveCount'];
  return typeof messageId === 'string' && typeof body === 'string' && /^\d{1,9}$/.test(String(count));
}

function describe(event: Fields): string {
  const [first] = Array.isArray(event['Records']) ? (event['Records'] as unknown[]) : [];
  if (isFields(first)) return `Records of ${String(first['eventSource'] ?? first['EventSource']).slice(0, 40)}`;
  return `fields ${Object.keys(event).slice(0, 10).join(', ').slice(0, 200) || 'none'}`;
}
