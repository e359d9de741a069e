import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { historyKey, pointerKey, tombstoneName } from '../../../src/model/layout.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { openStore } from '../../../src/stores/open.ts';
import type { Store } from '../../../src/stores/store.ts';
import {
  codeOf,
  day,
  failureOf,
  keysOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { AgedStore, MeddlingStore } from '../../fakes/registry/wrapped-store.ts';
import { temporaryStore } from '../../fakes/stores/folder.ts';

const releases = ['1.0.0', '1.1.0', '1.2.0'];
const preview = '1.3.0-pr.7.abc';
const current = { name: 'current.json', who: 'the environment production' };
const staging = { name: 'staging.json', who: 'the environment staging' };

let store: Store;
let simulation: Simulation;

const later = () => {
  simulation.clock = new Date(simulation.clock.getTime() + 2 * day);
};
const versionsLeft = async () => [...new Set((await keysOf(store, `${model}/versions/`)).map((k) => k.split('/')[2]!))];

beforeEach(async () => {
  simulation = new Simulation(new AgedStore(openMemoryStore(), () => simulation.clock));
  store = simulation.store;
  for (const version of [...releases, preview]) await simulation.publish(version);
  later();
});

/** Nothing was deleted and nothing is marked. */
async function expectUntouched(versions = [...releases, preview]): Promise<void> {
  expect(await versionsLeft()).toEqual(versions);
  expect((await keysOf(store)).filter((key) => key.endsWith(tombstoneName))).toEqual([]);
}

describe('a pointer that is missing although its history is there', () => {
  for (const pointer of ['current.json', 'staging.json']) {
    it(`stops prune, says what is missing and what puts it back: ${pointer}`, async () => {
      await simulation.promote('1.0.0', { pointer });
      await removeKey(store, pointerKey(model, pointer));
      const failure = await failureOf(simulation.prune());
      expect(failure).toMatchObject({ code: 'pointer-missing', exit: 3 });
      expect(failure.message).toContain(pointerKey(model, pointer));
      expect(failure.hint).toContain(`coldgate history --model ${model} --repair`);
      expect(await codeOf(simulation.prune({ only: [preview] }))).toBe('pointer-missing');
      expect(await codeOf(simulation.prune({ dryRun: true }))).toBe('pointer-missing');
      await expectUntouched();
    });
  }

  it('stops it at the second look, too, and no version stays marked', async () => {
    await simulation.promote('1.2.0');
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'put' || !key.endsWith(tombstoneName)) return;
      meddling.after = async () => {};
      await removeKey(store, pointerKey(model));
    };
    expect(await codeOf(simulation.prune({ store: meddling }))).toBe('pointer-missing');
    await expectUntouched();
  });

  it('stops it where the pointer goes away while fences are put into others', async () => {
    await simulation.promote('1.2.0');
    await simulation.promote('1.0.0', { pointer: 'staging.json' });
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'put' || key !== pointerKey(model)) return;
      await removeKey(store, pointerKey(model, 'staging.json'));
    };
    expect(await codeOf(simulation.prune({ store: meddling }))).toBe('pointer-missing');
    await expectUntouched();
  });

  it('is no fault where a listing has only missed it', async () => {
    const meddling = new MeddlingStore(store);
    const inner = meddling.list.bind(meddling);
    await simulation.promote('1.2.0');
    meddling.list = async function* (prefix: string) {
      for await (const info of inner(prefix)) if (info.key !== pointerKey(model)) yield info;
    };
    expect(await codeOf(simulation.prune({ store: meddling, retain: 3 }))).toBe('done');
    expect(await versionsLeft()).toContain('1.2.0');
  });
});

describe('a pointer that an environment names and that has no history', () => {
  it('stops prune where published versions would go', async () => {
    await simulation.promote('1.2.0');
    const failure = await failureOf(simulation.prune({ expected: [current, staging] }));
    expect(failure).toMatchObject({ code: 'pointer-missing', exit: 3 });
    expect(failure.message).toContain('the environment staging names it');
    expect(failure.hint).toContain(`--unpromoted ${model}`);
    await expectUntouched();
    expect(await codeOf(simulation.prune({ expected: [current] }))).toBe('done');
  });

  it('does not where nothing would go, or nothing but what was never visible', async () => {
    expect((await simulation.prune({ expected: [current], retain: 3, only: [preview] })).deleted).toHaveLength(1);
    await overwrite(store, `${model}/versions/0.9.0/model.onnx`, 'half');
    later();
    const { deleted } = await simulation.prune({ expected: [current], retain: 3 });
    expect(deleted.map((d) => d.version)).toEqual(['0.9.0']);
  });

  it('does not stop clearing away what pull requests left of a model without a release', async () => {
    const fresh: Simulation = new Simulation(new AgedStore(openMemoryStore(), () => simulation.clock));
    await fresh.publish(preview);
    later();
    expect((await fresh.prune({ expected: [current], now: simulation.now })).deleted.map((d) => d.version)).toEqual([
      preview,
    ]);
  });
});

describe('a pointer in a folder that is no plain file', () => {
  const inFolder = async (work: (folder: Simulation, path: (name: string) => string) => Promise<void>) => {
    const folder = await temporaryStore();
    try {
      const files = new Simulation(await openStore(folder.settings));
      for (const version of releases) await files.publish(version, { 'model.onnx': version });
      await files.promote('1.0.0');
      await work(files, (name) => join(folder.root, model, name));
      for (const version of releases) expect(await codeOf(files.verify({ version }))).toBe('done');
    } finally {
      await folder.close();
    }
  };

  it('stops prune where it is a link', async () => {
    await inFolder(async (files, path) => {
      renameSync(path('current.json'), path('kept'));
      symlinkSync(path('kept'), path('current.json'));
      const failure = await failureOf(files.prune());
      expect(failure).toMatchObject({ code: 'pointer-unusable', exit: 3 });
      expect(failure.hint).toContain('replace the symlink');
    });
  });

  it('stops prune where it is a folder', async () => {
    await inFolder(async (files, path) => {
      renameSync(path('current.json'), path('kept'));
      mkdirSync(path('current.json'));
      expect(await codeOf(files.prune())).toBe('pointer-missing');
    });
  });
});

describe('a pointer or a history that is not what moves wrote', () => {
  const change = async (key: string, field: string, value: unknown) =>
    overwrite(store, key, JSON.stringify({ ...JSON.parse(await textAt(store, key)), [field]: value }));

  it('stops prune', async () => {
    await simulation.promote('1.0.0');
    await simulation.promote('1.2.0');
    const text = await textAt(store, pointerKey(model));
    for (const [field, value] of [
      ['version', '1.1.0'],
      ['sha256', '0'.repeat(64)],
      ['previous', null],
      ['sequence', 1],
    ] as const) {
      await overwrite(store, pointerKey(model), text);
      await change(pointerKey(model), field, value);
      expect(await codeOf(simulation.prune()), field).toBe('pointer-differs');
    }
    await expectUntouched();
  });

  it('stops prune where lost records would be needed to know what they keep', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.promote(version);
    await removeKey(store, historyKey(model, 2));
    expect((await simulation.prune({ retain: 3 })).plan.versions.filter((v) => v.action === 'keep')).toHaveLength(3);
    await overwrite(store, historyKey(model, 1), '?');
    expect(await failureOf(simulation.prune({ retain: 3 }))).toMatchObject({ code: 'history-unusable', exit: 3 });
    expect(await codeOf(simulation.prune({ retain: 2 }))).toBe('done');
  });
});
