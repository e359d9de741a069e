import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../../src/stores/file.ts';
import { model, Simulation } from '../../fakes/registry/simulation.ts';

let folder: string;
let simulation: Simulation;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-rollback-'));
  simulation = new Simulation(await openFileStore({ url: pathToFileURL(folder).href }));
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await simulation.publish(version);
    await simulation.promote(version);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a rollback that finds no pointer', () => {
  const ways: [string, (pointer: string) => void][] = [
    ['nothing', () => {}],
    ['a folder', (pointer) => mkdirSync(pointer)],
    ['a named pipe', (pointer) => execFileSync('mkfifo', [pointer])],
  ];
  it.each(ways)('and its history says that it is missing: %s in its place', async (_what, make) => {
    const pointer = join(folder, model, 'current.json');
    rmSync(pointer);
    make(pointer);
    await expect(simulation.rollback()).rejects.toMatchObject({
      code: 'pointer-missing',
      exit: 3,
      hint: expect.stringContaining(`coldgate history --model ${model} --repair`),
    });
  });

  it('and no history either says that nothing was ever live', async () => {
    rmSync(join(folder, model, 'current.json'));
    rmSync(join(folder, model, 'history'), { recursive: true });
    await expect(simulation.rollback()).rejects.toMatchObject({ code: 'nothing-to-roll-back', exit: 2 });
  });
});

it('a rollback to a version that was pruned says how to go to another one', async () => {
  rmSync(join(folder, model, 'versions', '1.1.0'), { recursive: true });
  const hint = expect.stringContaining(`coldgate rollback --model ${model} --to <version>`);
  await expect(simulation.rollback()).rejects.toMatchObject({ code: 'version-missing', exit: 3, hint });
  expect(await simulation.rollback({ to: '1.0.0' })).toMatchObject({ version: '1.0.0', promoted: true });
});
