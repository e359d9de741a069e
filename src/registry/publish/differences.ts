import type { FileEntry } from '../../model/manifest.ts';

/** A path whose bytes differ between the stored version and this machine; `null` where one of them has no such file. */
export interface Difference {
  path: string;
  stored: string | null;
  local: string | null;
}

export function differencesOf(stored: readonly FileEntry[], local: readonly FileEntry[]): Difference[] {
  const digest = (entries: readonly FileEntry[], path: string) => entries.find((e) => e.path === path)?.sha256 ?? null;
  const paths = [...new Set([...stored, ...local].map((entry) => entry.path))].sort();
  return paths
    .map((path) => ({ path, stored: digest(stored, path), local: digest(local, path) }))
    .filter((d) => d.stored !== d.local);
}

/** One line. @param there where the stored version is @param here where the other one is */
export function wordOf({ path, stored, local }: Difference, there = 'in the store', here = 'here'): string {
  if (stored === null) return `${path}: not in the version ${there}, ${here} sha256 ${local}`;
  if (local === null) return `${path}: sha256 ${stored} ${there}, missing ${here}`;
  return `${path}: sha256 ${stored} ${there}, ${local} ${here}`;
}
