import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gapOf, gaps, itOn } from './gaps.ts';
import { serverParts } from './server-parts.ts';

describe('the table of gaps', () => {
  it('names servers that there are and titles that tests have', () => {
    const tests = join(import.meta.dirname, '..');
    const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith(join('emulators', 'gaps.ts')))
      .map((name) => readFileSync(join(tests, name), 'utf8'));
    const isThere = (title: string) => sources.some((text) => text.includes(title));
    const lost = gaps.filter(({ behaviour }) => !behaviour.split(': ').every(isThere));
    expect(lost).toEqual([]);
    const servers = serverParts.map(({ name }) => name);
    expect(gaps.filter(({ server }) => !servers.includes(server))).toEqual([]);
    expect(new Set(gaps.map(({ server, behaviour }) => `${server} ${behaviour}`)).size).toBe(gaps.length);
  });

  const { server, behaviour } = gaps[0]!;
  it('is asked by server and behaviour', () => {
    expect(gapOf(server, behaviour)).toBe(gaps[0]);
    expect(gapOf(undefined, behaviour)).toBeUndefined();
    expect(gapOf('azurite', behaviour)).toBeUndefined();
  });

  const runs: string[] = [];
  itOn(server, behaviour, () => {
    runs.push('with a gap');
    expect('what the real service does').toBe('what this server does');
  });
  itOn('azurite', behaviour, () => void runs.push('without'));
  it('turns the test of a gap round and leaves others as they are', () => {
    expect(runs).toEqual(['with a gap', 'without']);
  });
});
