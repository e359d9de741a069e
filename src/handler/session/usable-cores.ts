import { readFileSync } from 'node:fs';

/**
 * Cores that this process may use, by its affinity and its group's quota. Of two CPUs that share a core one is enough: an
 * inference keeps the core's arithmetic busy by itself, which is why the runtime counts cores as well.
 */
export function usableCores(): number {
  const cpus = process.getBuiltinModule('node:os').availableParallelism();
  return sharesCores() ? Math.ceil(cpus / 2) : cpus;
}

/** Linux alone tells in a file; elsewhere a CPU counts as a core. */
function sharesCores(): boolean {
  try {
    return readFileSync('/sys/devices/system/cpu/smt/active', 'latin1').trim() === '1';
  } catch {
    return false;
  }
}
