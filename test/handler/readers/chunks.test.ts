import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openAdapterBed } from '../adapter-bed.ts';

const { bundle, remove } = await openAdapterBed();
afterAll(remove);

const textOf = (name: string): string => readFileSync(join(bundle, name), 'utf8');

/** The files that are read when this one is. */
function readWith(name: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, next] of textOf(name).matchAll(/(?:from|import)"\.\/([\w.-]+)"/g)) readWith(next!, seen);
  return seen;
}

/** What only the code of one store has in it. */
const marks = {
  s3: 'AWS4-HMAC-SHA256',
  gcs: 'ifGenerationNotMatch',
  azure: 'x-ms-version',
  https: 'redirects more than',
};

describe('a cold start', () => {
  it.each(['node', 'lambda', 'google', 'azure'])('of %s reads no code of a store until it knows which one', (entry) => {
    const text = [...readWith(`${entry}.mjs`)].map(textOf).join('\n');
    for (const mark of Object.values(marks)) expect([mark, text.includes(mark)]).toEqual([mark, false]);
  });

  it.each(Object.entries(marks))('then reads the code of %s alone, which is small', (store, mark) => {
    const chunk = readdirSync(bundle).find((name) => new RegExp(`^${store}-\\w+\\.mjs$`).test(name));
    const before = readWith('node.mjs');
    const added = [...readWith(chunk!)].filter((name) => !before.has(name)).map(textOf);
    const text = added.join('\n');
    for (const [other, otherMark] of Object.entries(marks)) {
      expect([other, text.includes(otherMark)]).toEqual([other, otherMark === mark]);
    }
    expect(text.length).toBeLessThan(20_000);
  });
});
