import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { historyKey, pointerKey } from '../../../src/model/layout.ts';
import { encodeJson, type Pointer } from '../../../src/model/pointer.ts';
import { laterMove } from '../../../src/steps/changes/later-move.ts';
import { openStore } from '../../../src/stores/open.ts';

const home = mkdtempSync(join(tmpdir(), 'coldgate-moves-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** `ship 1.0.0`: the verb of a move, and where it went; `-` is a pointer of a release that did not say. */
function pointers(moves: readonly string[]): Pointer[] {
  const digest = 'a'.repeat(64);
  let previous: Pointer['previous'] = null;
  return moves.map((move, at) => {
    const [verb = '', version = ''] = move.split(' ');
    const kind = /rollback|watch/.test(verb) ? 'rollback' : 'promotion';
    const pointer: Pointer = {
      version,
      sha256: digest,
      schema: 1,
      sequence: at + 1,
      promotion_id: `move-${at + 1}`,
      kind,
      ...(!verb.startsWith('-') && { verb }),
      file: 'model.onnx',
      size: 1,
      manifest_sha256: digest,
      artifacts: [],
      previous,
      promoted_at: `2026-01-0${at + 1}T00:00:00.000Z`,
      actor: 'rob',
      run_url: null,
      gate: { verdict: 'none' },
    };
    previous = { version, sha256: digest };
    return pointer;
  });
}

/** Why the model stays, in a store where these moves were made. */
async function stays(moves: readonly string[], version: string, named?: boolean, lost: number[] = []) {
  const folder = mkdtempSync(join(home, 'store-'));
  const all = pointers(moves);
  const write = (key: string, pointer: Pointer) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), encodeJson(pointer));
  };
  for (const pointer of all) {
    if (!lost.includes(pointer.sequence)) write(historyKey('digits', pointer.sequence, 'staging.json'), pointer);
  }
  const live = all.at(-1)!;
  write(pointerKey('digits', 'staging.json'), live);
  const store = await openStore({ url: pathToFileURL(folder).href });
  return laterMove({ store, model: 'digits', pointer: 'staging.json' }, live, version, async () => named);
}

describe('a later move says otherwise than models.yaml', () => {
  it.each([
    ['rolled back by hand', ['ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0'], '1.1.0'],
    ['further back by hand', ['ship 0.9.0', 'ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0', 'rollback 0.9.0'], '1.1.0'],
    ['promoted to another version by hand', ['ship 1.0.0', 'ship 1.1.0', 'promote 1.0.0'], '1.1.0'],
    ['rolled back by a watch', ['ship 1.0.0', 'ship 1.1.0', 'watch 1.0.0'], '1.1.0'],
    ['rolled back in a store of an earlier release', ['- 1.0.0', '- 1.1.0', '-rollback 1.0.0'], '1.1.0'],
    [
      'rolled back after steps of the repository promoted',
      ['promote 1.0.0', 'promote 1.1.0', 'rollback 1.0.0'],
      '1.1.0',
    ],
  ])('%s', async (_, moves, version) => {
    const output = await stays(moves, version);
    expect(output).toContain(
      `\`digits\` stays at ${moves.at(-1)?.split(' ')[1]}, though models.yaml names ${version}: rob `,
    );
    expect(output).toContain(`(move ${moves.length})`);
    expect(await stays(moves, version, true)).toBe(output);
  });

  it('also where a record of the history is lost', async () => {
    expect(await stays(['ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0'], '1.1.0', undefined, [1, 2])).toContain('stays');
  });
});

describe('models.yaml has the later word', () => {
  it.each([
    ['after a rollback, once it names a new version', ['ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0'], '1.2.0'],
    ['after a rollback, once it names an old version', ['ship 0.9.0', 'ship 1.1.0', 'rollback 1.0.0'], '0.9.0'],
    ['when it goes back itself, below what is live', ['ship 1.0.0', 'ship 1.1.0'], '1.0.0'],
    [
      'when it goes back behind an earlier rollback',
      ['ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0', 'ship 1.2.0'],
      '1.1.0',
    ],
    ['when ship itself took back what did not prove itself', ['ship 1.0.0', 'ship 1.1.0', 'ship 1.0.0'], '1.1.0'],
    ['in a store of an earlier release', ['- 1.0.0', '- 1.1.0'], '1.0.0'],
  ])('%s', async (_, moves, version) => {
    expect(await stays(moves, version)).toBeUndefined();
  });

  it('when it named another version at the time of the move', async () => {
    expect(await stays(['ship 1.0.0', 'ship 1.1.0', 'rollback 1.0.0'], '1.1.0', false)).toBeUndefined();
  });
});
