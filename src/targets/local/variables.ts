import { functionVariables } from '../../cloud-variables.ts';
import { isCloudStore } from '../../clouds.ts';
import { noProxyVariables, proxyVariables } from '../../proxy.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { formatMark, markVariable, type ProcessMark } from './process-mark.ts';

/** What every function needs of this machine, and no more. */
const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** The way to a store elsewhere. */
const ways = ['NODE_USE_ENV_PROXY', ...proxyVariables, ...noProxyVariables];

export interface ProcessOptions {
  settings: FunctionSettings;
  mark: ProcessMark;
  /** Pinned version; `null` follows the pointer. */
  version: string | null;
  /** Absolute folder for verified model files. */
  cache: string;
  /** Absolute folder for what V8 compiles of the package. */
  code: string;
  /** Of the queue in front of it, which what is live alone has. */
  queue?: Record<string, string> | undefined;
}

/**
 * The environment of a function's process. Managed variables come last, so that no setting can change the identity that
 * it reports.
 */
export function processVariables(options: ProcessOptions): Record<string, string> {
  const { settings, mark, version, cache, code, queue } = options;
  const store = settings.storeVariables['MODEL_STORE'] ?? '';
  const machine = [
    ...passed,
    ...(store === 'file' ? [] : ways),
    ...(isCloudStore(store) ? functionVariables[store] : []),
  ].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { MODEL_VERSION: _, ...chosen } = { ...settings.storeVariables, ...settings.handlerVariables };
  return {
    ...Object.fromEntries(machine),
    // Large pages for native memory, where Linux grants them: sessions are made of fewer page faults, 3 to 20 ms of a start
    // (docs/handler.md). glibc before 2.35 and other systems take no notice.
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    // Compiled once a package and Node, and not at each start.
    COLDGATE_CODE_CACHE: code,
    ...chosen,
    ...(mark.role === 'live' && queue),
    // ONNX Runtime 1.30 sends telemetry by default, but not in CI: measured starts would differ from real ones.
    ORT_DISABLE_TELEMETRY: '1',
    MODEL_NAME: settings.model,
    ...(version !== null && { MODEL_VERSION: version }),
    MODEL_CACHE: cache,
    COLDGATE_REVISION: mark.revision,
    [markVariable]: formatMark(mark),
  };
}
