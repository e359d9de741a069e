import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fits, lists, longestFirst, testFiles, tierOf } from '../scripts/test-tiers.mjs';

const root = join(import.meta.dirname, '..');
const files = testFiles();

/** What a file of tests loads of test/ when it runs, through whatever lies between. Types are not loaded. */
function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path) || !path.startsWith('test/') || !existsSync(join(root, path))) return seen;
  seen.add(path);
  const text = readFileSync(join(root, path), 'utf8');
  const froms = text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm);
  for (const [, fixed, lazy] of froms) loadedBy(normalize(join(path, '..', (fixed ?? lazy)!)), seen);
  return seen;
}

/** Whoever loads one of these asks for servers or tools that this repository does not hold: of the test-bed, or openssl. */
const waysIn = ['test/emulators/servers.ts', 'test/emulators/part.ts', 'test/fakes/stores/certificate.ts'];

describe('the tiers of tests', () => {
  it('has each file in one tier, and no line that fits nothing', () => {
    const inTwo = files.filter((file) => {
      const tiers = Object.values(lists).filter((entries) => entries.some((entry) => fits(entry, file)));
      return tiers.length > 1;
    });
    expect(inTwo).toEqual([]);
    const entries = Object.values(lists).flat();
    expect(new Set(entries).size).toBe(entries.length);
    expect([...entries, ...longestFirst].filter((entry) => !files.some((file) => fits(entry, file)))).toEqual([]);
  });

  it.each(files.filter((file) => tierOf(file) !== 'all'))('lets %s run without the test-bed', (file) => {
    const loaded = loadedBy(file);
    expect(waysIn.filter((path) => loaded.has(path))).toEqual([]);
  });
});
