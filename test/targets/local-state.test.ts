import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { emptyState, readState } from '../../src/targets/local/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes no file, and other content, as an empty state', async () => {
  expect(await readState(join(folder, 'none.json'))).toEqual(emptyState());
  for (const [at, text] of ['', '{', 'null', '[]', '{}'].entries()) {
    const path = join(folder, `${at}.json`);
    writeFileSync(path, text);
    expect(await readState(path)).toEqual(emptyState());
  }
});

it('says what to do about one that cannot be read', async () => {
  const path = join(folder, 'state.json');
  mkdirSync(path);
  await expect(readState(path)).rejects.toMatchObject({ code: 'local-state-unreadable', exit: 2 });
  await expect(readState(path)).rejects.toThrow('state.json: the state of the local function cannot be read (EISDIR).');
});
