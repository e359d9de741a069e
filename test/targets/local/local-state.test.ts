import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { InputError } from '../../../src/errors.ts';
import { emptyState, readState } from '../../../src/targets/local/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes no file as an empty state', async () => {
  expect(await readState(join(folder, 'none.json'))).toEqual(emptyState());
});

it('says what to do about one that holds something else, and that helps', async () => {
  for (const [at, text] of ['', '{', 'null', '[]', '{}', '{"schema":1,"port":0,"revisions":[{}]}'].entries()) {
    const path = join(folder, `it's ${at}.json`);
    writeFileSync(path, text);
    const refusal = await readState(path).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'local-state-unreadable', exit: 2 });
    const [, command = ''] = /\((rm .*)\)/.exec(String((refusal as InputError).hint)) ?? [];
    execFileSync('sh', ['-c', command]);
    expect(await readState(path)).toEqual(emptyState());
  }
});

it('says what to do about one that cannot be read', async () => {
  const path = join(folder, 'state.json');
  mkdirSync(path);
  await expect(readState(path)).rejects.toMatchObject({ code: 'local-state-unreadable', exit: 2 });
  await expect(readState(path)).rejects.toThrow('state.json: the state of the local function cannot be read (EISDIR).');
});
