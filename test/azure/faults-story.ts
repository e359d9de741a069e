import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busy, throttled, unavailable } from './arm-error.ts';
import type { Call, Fault } from './context.ts';
import { beginTurn, calm, changing, disturb, parts, wrong } from './part-bench.ts';
import { AzureBench } from './target-bench.ts';

/*
 * Parts of a release, with one thing going wrong at each call in turn that changes something. Whatever goes wrong once, the
 * part ends as it should, and leaves what it would have left.
 */
const faults: [string, (call: Call) => Fault][] = [
  ['a lost answer after it is done', () => 'lost'],
  ['no answer, and it is not done', () => 'unheard'],
  ['503', () => unavailable()],
  ['429', () => throttled(0)],
  ['409 of another operation', ({ method }) => (/^blobs_|^scm_/.test(method) ? unavailable() : busy('one'))],
];

/** On one plan: a process has one stand-in, since @azure/identity keeps the tokens of the first. */
export function bearsFaults(plan: string, settings: Record<string, unknown>): void {
  describe(`a run on ${plan}`, () => {
    let bench: AzureBench;
    beforeAll(async () => {
      bench = await AzureBench.open({ knobs: { looks: 0 }, settings });
    });
    afterAll(() => bench.close());

    it.each(Object.entries(parts))('bears what goes wrong once, at each call: %s', async (_name, part) => {
      const calls = await changing(bench, part);
      const found: Record<string, unknown> = {};
      let isLeft = true;
      for (const [nth, method] of calls.entries()) {
        // Every second call meets the hardest, the others one of the rest in turn.
        const [what, fault] = faults[nth % 2 === 0 ? 0 : 1 + ((nth >> 1) % (faults.length - 1))]!;
        await beginTurn(bench, part, method, isLeft);
        disturb(bench, nth, fault);
        const failure = await part.run(bench, await bench.target(), nth).then(
          () => [],
          (error: Error) => [error.message],
        );
        calm(bench);
        const left = [...failure, ...wrong(bench, part)];
        isLeft = left.length === 0;
        if (!isLeft) found[`${method}, ${nth + 1}: ${what}`] = left;
      }
      expect(found).toEqual({});
    });
  });
}
