import { describe, expect } from 'vitest';
import { textOf } from '../fakes/stores/bodies.ts';
import type { SwapAnswer, SwapPlan } from '../fakes/stores/swap-worker.ts';
import { raceWorkers } from '../fakes/stores/workers.ts';
import type { ContractUse } from './store.ts';

const script = './swap-worker.ts';

const plansOf = (kind: SwapPlan['kind'], key: string, processes: number, rounds: number): SwapPlan[] =>
  Array.from({ length: processes }, (_, index) => ({ kind, key, rounds, name: `w${index}` }));

/**
 * Every mark in the list was won by the process that says so, at the place that it says, and no won mark is missing:
 * no generation had two winners and no update was lost.
 */
export function expectGapless(marks: string[], answers: SwapAnswer[], rounds: number): void {
  const claimed: string[] = [];
  for (const { won } of answers) {
    expect(won).toHaveLength(rounds);
    for (const { generation, mark } of won) {
      expect(claimed[generation]).toBeUndefined();
      claimed[generation] = mark;
    }
  }
  expect(marks).toEqual(claimed);
}

export function storeRaces(use: ContractUse, race: { processes: number; rounds: number }): void {
  const { processes, rounds } = race;

  describe('races', () => {
    use.it('gives each generation one winner among processes that swap', async () => {
      const key = 'digits/current.json';
      await use.store().put(key, Buffer.from('[]'), 'absent');
      const plans = plansOf('swap', key, processes, rounds);
      const answers = await raceWorkers<SwapAnswer>(script, use.settings(), plans);
      const marks: string[] = JSON.parse(await textOf(await use.store().get(key)));
      expect(marks).toHaveLength(processes * rounds);
      expectGapless(marks, answers, rounds);
    });

    use.it('lets one of many processes create', async () => {
      const key = 'digits/history/0000000001.json';
      const plans = plansOf('create', key, processes, 1);
      const answers = await raceWorkers<SwapAnswer>(script, use.settings(), plans);
      const winners = answers.filter((answer) => answer.won.length > 0);
      expect(winners).toHaveLength(1);
      expect(await textOf(await use.store().get(key))).toBe(winners[0]?.name);
    });
  });
}
