import { join } from 'node:path';
import { type Goal, msText, type Options, pairs } from '../goal.ts';
import { runProcess } from '../run-process.ts';
import { benchModels } from './models.ts';
import { Stage } from './stage.ts';

/** Importing the runtime: out of the bundle, as the function itself measures it, and out of node_modules. */
export async function importing({ quick, scratch }: Options): Promise<Goal[]> {
  const models = await benchModels(join(scratch, 'models'));
  const stage = await Stage.open(scratch);
  try {
    const name = await stage.publish(models.at(-1)!, 'original');
    const bundled = async (): Promise<number> => {
      const started = stage.start(name);
      try {
        const { timings } = (await started.json('/v1/health?warm=true')) as { timings: { import_ms: number } };
        return timings.import_ms;
      } finally {
        await started.stop();
      }
    };
    const script = join(import.meta.dirname, 'import-tree.cjs');
    const tree = async (): Promise<number> => Number((await runProcess(process.execPath, [script])).stdout);
    await bundled();
    await tree();
    const { ratio, ours, theirs } = await pairs(quick ? 7 : 21, bundled, tree);
    const what = 'importing the runtime, out of the bundle';
    const goal = { what, peer: 'out of node_modules', ours: msText(ours), theirs: msText(theirs) };
    return [{ ...goal, value: ratio, limit: 0.75, unit: '×' }];
  } finally {
    stage.remove();
  }
}
