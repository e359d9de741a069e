import { describe, expect, it } from 'vitest';
import { fileKey, tombstoneKey } from '../../../src/model/layout.ts';
import { modelStatus } from '../../../src/registry/pointer/status.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { model, overwrite, Simulation } from '../../fakes/registry/simulation.ts';
import { CountingStore } from '../../fakes/registry/wrapped-store.ts';

describe('the status of a model', () => {
  it('says what is live in each pointer and in which state each version is', async () => {
    const store = openMemoryStore();
    const simulation = new Simulation(store);
    for (const version of ['1.0.0', '1.1.0', '1.10.0']) await simulation.publish(version);
    await simulation.promote('1.0.0');
    await simulation.promote('1.1.0');
    await simulation.promote('1.10.0', { pointer: 'staging.json' });
    await overwrite(store, fileKey(model, '2.0.0', 'model.onnx'), 'half');
    await overwrite(store, tombstoneKey(model, '1.0.0'), '{}');
    const counting = new CountingStore(store);
    const status = await modelStatus(counting, model);
    expect(Object.entries(status.live).map(([name, p]) => [name, p.version])).toEqual([
      ['current.json', '1.1.0'],
      ['staging.json', '1.10.0'],
    ]);
    expect(status.versions.map((v) => [v.version, v.state, v.named, v.files])).toEqual([
      ['2.0.0', 'leftover', [], 1],
      ['1.10.0', 'complete', ['live in staging.json'], 3],
      ['1.1.0', 'complete', ['live in current.json'], 3],
      ['1.0.0', 'tombstoned', ['previous in current.json'], 3],
    ]);
    expect(status.bytes).toBe(status.versions.reduce((sum, v) => sum + v.bytes, 0));
    expect(counting.requests.map((r) => r.operation)).toEqual(['list', 'get', 'get']);
  });

  it('is empty for a model that is not there', async () => {
    const status = await modelStatus(openMemoryStore(), model);
    expect(status).toEqual({ model, live: {}, recorded: {}, versions: [], bytes: 0, foreign: [] });
  });
});
