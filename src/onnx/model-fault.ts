import { IntegrityError } from '../errors.ts';

export type FaultCode = 'not-onnx' | 'model-truncated' | 'model-invalid' | 'model-unsupported' | 'external-data';

/**
 * What is wrong with a model file, before the file's name is known: `words` follow the name ("is a PNG image, …").
 * Thrown inside this room; `readModelHead` turns it into an IntegrityError.
 */
export class ModelFault extends Error {
  readonly code: FaultCode;
  readonly hint: string | undefined;

  /** What the file is, where it is no model. */
  readonly found: string | undefined;

  constructor(code: FaultCode, words: string, hint?: string, found?: string) {
    super(words);
    this.name = 'ModelFault';
    this.code = code;
    this.hint = hint;
    this.found = found;
  }

  /** Exit 3: bytes are not what was promised. */
  toError(label: string): IntegrityError {
    return new IntegrityError(this.code, `${label} ${this.message}.`, {
      hint: this.hint,
      cause: this,
      data: this.found ? { found: this.found } : undefined,
    });
  }
}
