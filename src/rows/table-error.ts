/** Rows that cannot be read, or one cell of them, in words for whoever sent them. */
export class TableError extends Error {
  readonly status: 400 | 413;
  readonly code: string;

  constructor(status: 400 | 413, code: string, message: string) {
    super(message);
    this.name = 'TableError';
    this.status = status;
    this.code = code;
  }
}

/** @param place in the body: `records[2].age` */
export const badTable = (place: string, expected: string, got: string): TableError =>
  new TableError(400, 'bad-input', `${place ? `${place}: ` : ''}expected ${expected}, got ${got}.`);

/** Names and values that callers made up are repeated only in part. */
export const shorten = (text: string): string => (text.length > 64 ? `${text.slice(0, 64)}…` : text);
