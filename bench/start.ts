import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist } from '../test/fakes/processes/runner.ts';
import { type Goal, msText, type Options, pairs } from './goal.ts';
import { runProcess } from './run-process.ts';

/** From the start of an action's process to its first line, against a script that does nothing but print one. */
export async function starting({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'start-'));
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, "console.log('first line');\n");
  const env = { GITHUB_WORKSPACE: folder, GITHUB_ACTIONS: 'true' };
  const first = (script: string, accept: number[]) => async () =>
    (await runProcess(process.execPath, [script], { cwd: folder, env, accept })).firstByteMs;
  try {
    const goals: Goal[] = [];
    for (const door of ['publish-model', 'canary-warmup', 'root']) {
      // There is no models.yaml: the step ends with 2 after its first line.
      const ours = first(join(dist, `${door}.js`), [2]);
      const taken = await pairs(quick ? 7 : 21, ours, first(empty, [0]));
      const what = `start of ${door} to its first line`;
      goals.push({
        what,
        peer: 'empty script',
        ours: msText(taken.ours),
        theirs: msText(taken.theirs),
        value: taken.ratio,
        limit: 2.5,
        unit: '×',
      });
    }
    return goals;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
