import type { FunctionSettings } from '../target.ts';
import { formatMark, markVariable, type ProcessMark } from './process-mark.ts';

/** What a function needs of this machine, and no more: nothing of the pipeline's secrets reaches it. */
const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG'] as const;

export interface ProcessOptions {
  settings: FunctionSettings;
  mark: ProcessMark;
  /** Pinned version; `null` follows the pointer. */
  version: string | null;
  /** Absolute folder for verified model files. */
  cache: string;
}

/** The environment of a function's process. Ours come last, so that no setting can change who it says it is. */
export function processVariables(options: ProcessOptions): Record<string, string> {
  const { settings, mark, version, cache } = options;
  const machine = passed.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { MODEL_VERSION: _, ...chosen } = { ...settings.storeVariables, ...settings.handlerVariables };
  return {
    ...Object.fromEntries(machine),
    ...chosen,
    // The runtime of 1.30 reports to its maker unless told otherwise, and does not do so in CI: measured starts would
    // differ from real ones.
    ORT_DISABLE_TELEMETRY: '1',
    MODEL_NAME: settings.model,
    ...(version !== null && { MODEL_VERSION: version }),
    MODEL_CACHE: cache,
    COLDGATE_REVISION: mark.revision,
    [markVariable]: formatMark(mark),
  };
}
