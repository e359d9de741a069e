import { createHash } from 'node:crypto';
import type { Incoming } from './contract.ts';
import type { Reply } from './data-plane.ts';
import type { NeighbourCall } from './neighbours.ts';
import { ServiceError } from './service-error.ts';

/** Objects and notifications of the few buckets that a function has to do with; the stores' tests have real servers. */
export class Buckets {
  readonly objects = new Map<string, Map<string, Buffer>>();
  /** Notification configurations by bucket, as they were put. */
  readonly notifications = new Map<string, string>();
  /** Whether S3 may call what an ARN names; asked when a notification is put. */
  mayCall: (arn: string, bucket: string) => boolean = () => true;

  add(bucket: string): void {
    this.objects.set(bucket, new Map());
  }

  /** Bytes of an object. Throws ServiceError as Lambda does for code that is not there. */
  bytes(bucket: string, key: string): Buffer {
    const found = this.objects.get(bucket)?.get(key);
    if (!found) {
      const message = `Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: ${bucket}/${key}`;
      throw new ServiceError('InvalidParameterValueException', 400, message);
    }
    return found;
  }

  read({ method, url, headers, body }: Incoming): NeighbourCall {
    const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const about = url.searchParams.has('notification') ? 'BucketNotificationConfiguration' : 'Object';
    const input = {
      Bucket: bucket,
      ...(key && { Key: key }),
      ...(about !== 'Object' && { body: body.toString('utf8') }),
    };
    return {
      operation: `${method === 'PUT' ? 'Put' : 'Get'}${about}`,
      input,
      mutating: method !== 'GET',
      answer: () => {
        const objects = this.objects.get(bucket);
        if (!objects) return xmlError(404, 'NoSuchBucket', `The specified bucket does not exist: ${bucket}`);
        if (about === 'Object') return this.#put(objects, key, headers, body);
        return method === 'PUT' ? this.#putNotification(bucket, body.toString('utf8')) : this.#getNotification(bucket);
      },
    };
  }

  #put(objects: Map<string, Buffer>, key: string, headers: Incoming['headers'], body: Buffer): Reply {
    if (headers['if-none-match'] === '*' && objects.has(key)) {
      return xmlError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    const digest = createHash('sha256').update(body).digest('base64');
    if (headers['x-amz-checksum-sha256'] !== digest) return xmlError(400, 'BadDigest', 'The SHA256 did not match');
    objects.set(key, body);
    return { status: 200, headers: { etag: '"1"' }, body: Buffer.alloc(0) };
  }

  #putNotification(bucket: string, xml: string): Reply {
    const functions = [...xml.matchAll(/<CloudFunction>([^<]+)<\/CloudFunction>/g)].map((match) => match[1] as string);
    if (functions.some((arn) => !this.mayCall(arn, bucket))) {
      return xmlError(400, 'InvalidArgument', 'Unable to validate the following destination configurations');
    }
    this.notifications.set(bucket, xml);
    return { status: 200, headers: {}, body: Buffer.alloc(0) };
  }

  #getNotification(bucket: string): Reply {
    const xml = this.notifications.get(bucket) ?? '<NotificationConfiguration/>';
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(xml) };
  }
}

const xmlError = (status: number, code: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`),
});
