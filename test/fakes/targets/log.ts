import { type Logger, silentLogger } from '../../../src/log.ts';

/** Remembers what was said. */
export function recordingLog(): Logger & { infos: string[]; warnings: string[] } {
  const infos: string[] = [];
  const warnings: string[] = [];
  return {
    ...silentLogger,
    infos,
    warnings,
    info: (message) => void infos.push(message),
    warn: (message) => void warnings.push(message),
  };
}
