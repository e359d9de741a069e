import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pointerKey } from '../../../src/model/layout.ts';
import { Pace } from '../../../src/registry/pointer/pace.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { openStore } from '../../../src/stores/open.ts';
import { runJson } from '../../fakes/registry/command.ts';
import { failureOf, model, Simulation } from '../../fakes/registry/simulation.ts';
import { MeddlingStore } from '../../fakes/registry/wrapped-store.ts';
import { Project } from '../../fixtures/project.ts';

describe('a promotion that goes on after a lost swap', () => {
  const raced = async () => {
    const simulation = new Simulation(openMemoryStore());
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
    await simulation.promote('1.0.0');
    const meddling = new MeddlingStore(simulation.store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'get' || key !== pointerKey(model)) return;
      meddling.after = async () => {};
      await simulation.promote('1.1.0', { actor: 'eve' });
    };
    return new Simulation(meddling);
  };

  it('asks the gate again of what has won meanwhile', async () => {
    const simulation = await raced();
    const requests: (string | undefined)[] = [];
    const gate = (live: { version: string } | undefined) => {
      requests.push(live?.version);
      return { verdict: 'none' as const };
    };
    const moved = await simulation.promote('1.2.0', { gate, pace: new Pace({ random: () => 0 }) });
    expect(moved).toMatchObject({ promoted: true, previousVersion: '1.1.0', sequence: 3 });
    expect(requests).toEqual(['1.0.0', '1.1.0']);
  });

  it('stops at its bound and is told who won', async () => {
    const simulation = await raced();
    const failure = await failureOf(simulation.promote('1.2.0', { pace: new Pace({ timeoutMs: 0 }) }));
    expect(failure).toMatchObject({ code: 'lost-swap', exit: 6 });
    expect(failure.message).toContain('eve');
  });

  it('is what `promote --wait` does: of processes at once each gets its move, and the history has no gap', async () => {
    const project = new Project();
    try {
      const versions = ['1.0.0', '1.1.0', '1.2.0'];
      const simulation = new Simulation(await openStore({ url: pathToFileURL(project.path('store')).href }));
      for (const version of versions) await simulation.publish(version, { 'model.onnx': version });
      const promote = (version: string) =>
        runJson(['promote', '--gate', 'skip', '--wait', '2m', '--version', version], project.folder);
      const done = await Promise.all(versions.map(promote));
      expect(done.map(({ exit, document }) => [exit, document.promoted])).toEqual(versions.map(() => [0, true]));
      expect(done.map(({ document }) => document.sequence).sort()).toEqual([1, 2, 3]);
      const { exit, document } = await runJson(['history', '--check'], project.folder);
      expect([exit, document.problems, document.records.length]).toEqual([0, [], 3]);
    } finally {
      project.remove();
    }
  });
});
