import type { Manifest } from '../../model/manifest.ts';
import type { GoldenSample } from '../../model/sample.ts';

/** What a revision must answer with before success is reported. */
export interface Expectation {
  /** Undefined where any revision may answer. */
  revision: string | undefined;
  version: string;
  /** Of the model file. */
  sha256: string;
  sample: GoldenSample | undefined;
  /** As published, with the digest of its bytes; absent where only version and sample are known. */
  manifest?: Manifest | undefined;
  manifestSha256?: string | undefined;
  /** Largest body that the handler was set to take. */
  maxPayloadBytes?: number | undefined;
}
