import { Refusal } from '../../fakes/clouds/calls.ts';
import type { Reply } from '../../fakes/clouds/loopback.ts';

/** As the Blob service words it. */
export class BlobError extends Refusal {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'BlobError';
    this.status = status;
    this.code = code;
  }
}

export const noBlob = (): BlobError => new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.');
export const noContainer = (): BlobError =>
  new BlobError(404, 'ContainerNotFound', 'The specified container does not exist.');

export function blobFailure(thrown: unknown): Reply {
  const error = thrown instanceof BlobError ? thrown : new BlobError(500, 'InternalError', 'Internal error.');
  const { status, code, message } = error;
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}
