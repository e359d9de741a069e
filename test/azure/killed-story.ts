import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginTurn, calm, changing, clock, disturb, type Part, parts, wrong } from './part-bench.ts';
import { AzureBench } from './target-bench.ts';

/*
 * A run that ends after one of its calls, whose answer it never sees, and from which nothing more is heard: as when its
 * process is killed. The same run again, an hour later, ends as an undisturbed one does.
 */
/** On one plan: a process has one stand-in, since @azure/identity keeps the tokens of the first. */
export function endsAnywhere(plan: string, settings: Record<string, unknown>): void {
  describe(`a run on ${plan} that ends anywhere`, () => {
    let bench: AzureBench;
    beforeAll(async () => {
      bench = await AzureBench.open({ knobs: { looks: 0, tokenSeconds: 30 * 86_400 }, now: clock.now, settings });
    });
    afterAll(() => bench.close());

    async function killed(part: Part, nth: number): Promise<void> {
      const stop = new AbortController();
      const target = await bench.target({}, { signal: stop.signal, now: clock.now });
      disturb(bench, nth, () => {
        bench.azure.context.fault = () => 'unheard';
        stop.abort(new Error('killed'));
        return 'lost';
      });
      await part.run(bench, target, nth).catch(() => undefined);
      calm(bench);
    }

    it.each(Object.entries(parts))('has one end: %s', async (_name, part) => {
      const calls = await changing(bench, part);
      expect(wrong(bench, part)).toEqual([]);
      expect(calls.length).toBeGreaterThan(3);
      const found: Record<string, unknown> = {};
      let isLeft = true;
      for (const [nth, method] of calls.entries()) {
        await beginTurn(bench, part, method, isLeft);
        await killed(part, nth);
        clock.ahead += 2 * 3_600_000;
        const again = await bench.target({}, { now: clock.now });
        const failure = await part.run(bench, again, nth).then(
          () => [],
          (error: Error) => [error.message],
        );
        await again.remove(bench.settings, 'candidates', bench.versions[1]?.version);
        const left = [...failure, ...wrong(bench, part)];
        isLeft = left.length === 0;
        if (!isLeft) found[`${method}, ${nth + 1}`] = left;
      }
      expect(found).toEqual({});
    });
  });
}
