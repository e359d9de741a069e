import type {
  BlobServiceClient,
  BlockBlobClient,
  ContainerClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { partSize } from '../read-file.ts';
import type { BucketLocation } from './location.ts';

/** The part of the SDK's interface of the same name that this driver calls. */
export interface TokenCredential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

/** Bounds that tests set lower, and who they ask for tokens. */
export interface AzureLimits {
  /** Longest silence of the server before a request is given up, ms. */
  stallMs: number;
  /** The same while the server copies a block and sends nothing, ms. */
  copyMs: number;
  /** Bytes of an upload's first blocks. The service takes up to 4000 MiB each. */
  blockBytes: number;
  /** Bytes of the ranges of a download. */
  rangeBytes: number;
  /** Bytes of a block that the server copies from another blob. */
  copyBytes: number;
  /** Blocks on their way at the same time, and ranges read ahead, of the whole store. */
  parallel: number;
  /** Blobs that one request lists; the service gives 5000 at most. */
  pageBlobs: number;
  /** Requests at most for one thing. */
  attempts: number;
  /** What gives tokens, if not the chain of the SDK. */
  credential: TokenCredential | undefined;
}

export const defaultLimits: AzureLimits = {
  stallMs: 20_000,
  copyMs: 60_000,
  blockBytes: partSize,
  rangeBytes: 8 * 1024 * 1024,
  copyBytes: 64 * 1024 * 1024,
  parallel: 4,
  pageBlobs: 5000,
  attempts: 4,
  credential: undefined,
};

/** How requests are signed: by the account's key, by a token of Entra ID, or by a signature in their URL. */
export type Identity =
  | { kind: 'key'; credential: StorageSharedKeyCredential }
  | { kind: 'token'; credential: TokenCredential }
  | { kind: 'sas' };

/** What all operations of one store share. */
export interface AzureContext {
  readonly place: BucketLocation;
  /** Base URL of the account's blobs, without a signature. */
  readonly endpoint: string;
  readonly limits: AzureLimits;
  /** Name of the encryption scope of new blobs; the container's default when absent. */
  readonly encryptionScope: string | undefined;
  readonly identity: Identity;
  readonly service: BlobServiceClient;
  readonly container: ContainerClient;
  /** Ranges that may still be read ahead. */
  readonly ahead: { free: number };
}

export const blobOf = ({ container, place }: AzureContext, key: string): BlockBlobClient =>
  container.getBlockBlobClient(place.nameOf(key));

/** The option of requests that make a blob or a part of one. */
export const scopeOf = ({ encryptionScope }: AzureContext): { encryptionScope?: string } =>
  encryptionScope === undefined ? {} : { encryptionScope };
