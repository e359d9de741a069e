/**
 * A picture that cannot be taken, in words for whoever sent it: 413 more pixels or bytes than allowed, 415 no JPEG, PNG or
 * WebP, 422 one that is broken or of a kind that is not decoded here.
 */
export class PictureError extends Error {
  readonly status: 413 | 415 | 422;
  readonly code: string;

  constructor(status: 413 | 415 | 422, code: string, message: string) {
    super(message);
    this.name = 'PictureError';
    this.status = status;
    this.code = code;
  }
}

export const broken = (message: string): PictureError => new PictureError(422, 'broken-picture', message);
export const truncated = (): PictureError => broken('The picture breaks off before its end.');
export const unsupported = (message: string): PictureError => new PictureError(422, 'unsupported-picture', message);
