import { randomUUID } from 'node:crypto';
import { BlobError } from './blob-error.ts';

interface Lease {
  id: string;
  /** ms; Infinity: until it is released. */
  duration: number;
  /** ms since 1970. */
  until: number;
}

export interface Blob {
  bytes: Buffer;
  etag: string;
  modified: Date;
  headers: Record<string, string>;
  lease?: Lease | undefined;
}

type Headers = Record<string, string | string[] | undefined>;

const held = (blob: Blob | undefined, now: number): Lease | undefined =>
  blob?.lease && blob.lease.until > now ? blob.lease : undefined;

export const isLeased = (blob: Blob, now: number): boolean => held(blob, now) !== undefined;

/** Throws BlobError where a write is kept out by a lease, or names one that is none. */
export function checkLease(blob: Blob | undefined, headers: Headers, now: number): void {
  const given = headers['x-ms-lease-id'];
  const lease = held(blob, now);
  if (lease?.id === given) return;
  if (!lease) throw new BlobError(412, 'LeaseNotPresentWithBlobOperation', 'There is currently no lease on the blob.');
  throw given === undefined
    ? new BlobError(412, 'LeaseIdMissing', 'There is currently a lease on the blob and no lease ID was specified.')
    : new BlobError(412, 'LeaseIdMismatchWithBlobOperation', 'The lease ID specified did not match the lease ID.');
}

interface Deed {
  status: number;
  headers: Record<string, string>;
}

/** https://learn.microsoft.com/rest/api/storageservices/lease-blob. Throws BlobError. */
export function changeLease(blob: Blob, headers: Headers, now: number): Deed {
  const action = String(headers['x-ms-lease-action'] ?? '');
  const deed = deeds[action];
  if (!deed) throw new BlobError(400, 'InvalidHeaderValue', `x-ms-lease-action: ${action}`);
  return deed(blob, headers, now);
}

const deeds: Record<string, (blob: Blob, headers: Headers, now: number) => Deed> = {
  acquire(blob, headers, now) {
    const id = String(headers['x-ms-proposed-lease-id'] ?? randomUUID());
    const current = held(blob, now);
    if (current && current.id !== id) {
      throw new BlobError(409, 'LeaseAlreadyPresent', 'There is already a lease present.');
    }
    const duration = durationOf(headers);
    blob.lease = { id, duration, until: now + duration };
    return { status: 201, headers: { 'x-ms-lease-id': id } };
  },
  // Also one that has ended, as long as nobody else has taken it.
  renew(blob, headers, now) {
    const { id, duration } = own(blob, headers);
    blob.lease = { id, duration, until: now + duration };
    return { status: 200, headers: { 'x-ms-lease-id': id } };
  },
  release(blob, headers) {
    own(blob, headers);
    blob.lease = undefined;
    return { status: 200, headers: {} };
  },
  break(blob, _headers, now) {
    if (!held(blob, now)) {
      throw new BlobError(409, 'LeaseNotPresentWithLeaseOperation', 'There is currently no lease on the blob.');
    }
    blob.lease = undefined;
    return { status: 202, headers: { 'x-ms-lease-time': '0' } };
  },
};

function own({ lease }: Blob, headers: Headers): Lease {
  if (lease && lease.id === headers['x-ms-lease-id']) return lease;
  throw new BlobError(409, 'LeaseIdMismatchWithLeaseOperation', 'The lease ID specified did not match the lease ID.');
}

function durationOf(headers: Headers): number {
  const seconds = Number(headers['x-ms-lease-duration']);
  if (seconds === -1) return Number.POSITIVE_INFINITY;
  if (Number.isInteger(seconds) && seconds >= 15 && seconds <= 60) return seconds * 1000;
  throw new BlobError(400, 'InvalidHeaderValue', 'x-ms-lease-duration: expected -1, or 15 to 60');
}
