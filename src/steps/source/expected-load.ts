import { bytesText } from '../results.ts';
import type { ModelSource } from './model-source.ts';

/** Below this, loading takes no time that anyone would plan for, bytes. */
const large = 512 * 1024 * 1024;
/** Measured on two shared cores (docs/benchmarks.md), where weights have to be laid out again, bytes a second. */
const speed = { oneFile: 100e6, external: 300e6 };

/**
 * What loading a large model on this machine will take, in a sentence; undefined for others. Weights in other files are
 * mapped, and those that the runtime lays out for this CPU are there twice.
 */
export function expectedLoad({ entry, externalData, modelBytes }: ModelSource): string | undefined {
  if (modelBytes < large) return undefined;
  const seconds = Math.ceil(modelBytes / (externalData.length > 0 ? speed.external : speed.oneFile));
  const memory = bytesText(modelBytes * 2);
  return `${entry.name} has ${bytesText(modelBytes)}: loading and running it takes up to ${seconds} s and ${memory} of memory here.`;
}
