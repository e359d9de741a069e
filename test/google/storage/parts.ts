import type { ObjectMetadata } from './buckets.ts';

/** Metadata and bytes of a body of two parts. */
export function parts(contentType: string, body: Buffer): [ObjectMetadata & Record<string, unknown>, Buffer] {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? '';
  const first = body.indexOf('\r\n\r\n') + 4;
  const firstEnd = body.indexOf(`\r\n--${boundary}`, first);
  const second = body.indexOf('\r\n\r\n', firstEnd) + 4;
  const head = body.subarray(firstEnd, second).toString();
  const type = /content-type: *(\S+)/i.exec(head)?.[1];
  const metadata = JSON.parse(body.subarray(first, firstEnd).toString()) as ObjectMetadata & Record<string, unknown>;
  const bytes = body.subarray(second, body.lastIndexOf(`\r\n--${boundary}--`));
  return [type === undefined ? metadata : { contentType: type, ...metadata }, Buffer.from(bytes)];
}
