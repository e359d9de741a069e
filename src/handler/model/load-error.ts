/** Messages for callers; the reason with its names and paths goes to the log. */
const publicMessages = {
  'store-unavailable': 'The store that holds the model does not answer.',
  'store-denied': 'The function may not read the model from its store.',
  'model-not-found': 'There is no such model version in the store.',
  'document-unusable': "The model's manifest or pointer cannot be used.",
  'pointer-mismatch': "The model's pointer does not agree with its manifest; nothing that it names was loaded.",
  'pointer-went-back': "The model's pointer is older than the one that is served.",
  'checksum-mismatch': "The model's bytes are not the published ones; they were not loaded.",
  'model-unusable': 'The runtime cannot load this model.',
  'runtime-unavailable': 'The inference runtime could not be started.',
  'cache-unavailable': 'The function has no room to keep the model.',
  'sample-mismatch': 'The model does not answer its golden sample.',
  'session-lost': 'The model ended while it ran. It is being loaded again.',
} as const;

export type LoadErrorCode = keyof typeof publicMessages;

/** Loads of these kinds fail the same way until the store's content changes. */
const permanent: ReadonlySet<LoadErrorCode> = new Set([
  'pointer-mismatch',
  'pointer-went-back',
  'checksum-mismatch',
  'model-unusable',
  'sample-mismatch',
]);

/** The model could not be brought into memory. `message` is for the operator's log, `publicMessage` for callers. */
export class LoadError extends Error {
  readonly code: LoadErrorCode;
  /** How long the store asks to be left alone, ms; 0 where it does not say. */
  retryAfterMs = 0;

  constructor(code: LoadErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LoadError';
    this.code = code;
  }

  get publicMessage(): string {
    return publicMessages[this.code];
  }

  /** False when trying again with the same stored bytes is pointless. */
  get transient(): boolean {
    return !permanent.has(this.code);
  }
}

/** Keeps what is already explained; everything else becomes the given code with the cause's first line. */
export function toLoadError(thrown: unknown, code: LoadErrorCode, doing: string): LoadError {
  if (thrown instanceof LoadError) return thrown;
  const reason = thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown);
  return new LoadError(code, `${doing}: ${reason}`, thrown);
}
