import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noteUse } from '../../src/package/prune-cache.ts';

describe('noteUse', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'coldgate-prune-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const daysFromNow = (days: number): Date => new Date(Date.now() + days * 24 * 3600 * 1000);

  it('removes what nobody has used for a month, and keeps the rest', async () => {
    writeFileSync(join(dir, 'old.zip'), '');
    mkdirSync(join(dir, 'old-folder', 'inside'), { recursive: true });
    writeFileSync(join(dir, 'used.zip'), '');
    await noteUse(dir, 'used.zip', daysFromNow(20));
    await noteUse(dir, 'new.zip', daysFromNow(29));
    expect(readdirSync(dir).sort()).toEqual(['old-folder', 'old.zip', 'used.zip']);
    await noteUse(dir, 'new.zip', daysFromNow(31));
    expect(readdirSync(dir)).toEqual(['used.zip']);
  });

  it('keeps what is being used, however old it is', async () => {
    writeFileSync(join(dir, 'a.zip'), '');
    await noteUse(dir, 'a.zip', daysFromNow(100));
    expect(readdirSync(dir)).toEqual(['a.zip']);
  });

  it('does not mind a folder that is not there', async () => {
    await expect(noteUse(join(dir, 'none'), 'a')).resolves.toBeUndefined();
  });
});
