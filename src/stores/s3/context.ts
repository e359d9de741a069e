import type { S3Client } from '@aws-sdk/client-s3';
import { partSize } from '../read-file.ts';
import type { BucketLocation } from './location.ts';

/** Bounds that tests set lower. */
export interface S3Limits {
  /** Longest silence of the server before a request is given up, ms. */
  stallMs: number;
  /** Longest wait for a connection, ms. */
  connectMs: number;
  /** Bytes of an upload's first parts and of a download's ranges. S3 takes parts of 5 MiB and more. */
  partBytes: number;
  /** Parts on their way at the same time, and ranges read ahead, of the whole store. */
  parallel: number;
  /** Keys that one request lists; S3 gives 1000 at most. */
  pageKeys: number;
  /** Requests at most for one conditional write. */
  attempts: number;
}

export interface S3Options extends Partial<S3Limits> {
  /** URL where AWS reports the identity of the credentials. */
  identityEndpoint?: string | undefined;
}

export const defaultLimits: S3Limits = {
  stallMs: 20_000,
  connectMs: 10_000,
  partBytes: partSize,
  parallel: 4,
  pageKeys: 1000,
  attempts: 4,
};

/** What is sent with every new object. */
export interface Encryption {
  ServerSideEncryption?: 'AES256' | 'aws:kms';
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
}

/** What all operations of one store share. */
export interface S3Context {
  readonly place: BucketLocation;
  readonly region: string;
  /** Of a compatible server; undefined for AWS. */
  readonly endpoint: string | undefined;
  /** URL where AWS reports the identity of the credentials; undefined for a compatible server. */
  readonly identityEndpoint: string | undefined;
  readonly limits: S3Limits;
  readonly encryption: Encryption;
  /** For what may be repeated freely: reads, lists, parts. The SDK sends it again. */
  readonly retrying: S3Client;
  /** For conditional writes, which only `commitWrite` may send again. */
  readonly once: S3Client;
  /** Ranges that may still be read ahead. */
  readonly ahead: { free: number };
  /** Whether the server compares conditions with ETags without their quotes; learnt from its answers. */
  bareEtags: boolean;
}
