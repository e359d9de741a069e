import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { denseSizes, writeDenseModel } from '../test/fixtures/onnx.ts';
import { FunctionProcess } from '../test/handler/function-process.ts';
import { openAdapterBed } from '../test/handler/platforms/adapter-bed.ts';
import { type Goal, type Options, pairs } from './goal.ts';

/** The large network that the other goals speak of: work of some milliseconds, since for less nobody needs a queue. */
const { width } = denseSizes.large;
const limit = 1.3;

/** What the system has counted for a process so far, ms of a core: a tick is 10 ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) * 10;
}

/** CPU of the function for a request through its queue, a folder, beside that for one that is answered at once. */
export async function queueing({ quick }: Options): Promise<Goal[]> {
  const bed = await openAdapterBed();
  try {
    const path = join(bed.bundle, 'dense.onnx');
    writeDenseModel(path, denseSizes.large);
    const tensor = (name: string) => [{ name, dtype: 'float32' as const, shape: ['batch', width] }];
    const parts = { model: readFileSync(path), inputs: tensor('x'), outputs: tensor('y') };
    bed.store.promote(bed.store.publish('dense', '1.0.0', parts));
    const one = new FunctionProcess(bed.bundle, {
      ...bed.variables,
      MODEL_NAME: 'dense',
      COLDGATE_THREADS: '1',
      COLDGATE_QUEUE: pathToFileURL(join(bed.bundle, 'queue')).href,
    });
    const { pid } = await one.listening();
    const body = { inputs: [Array.from({ length: width }, (_, at) => at / width)] };
    const count = quick ? 20 : 50;
    const direct = async (): Promise<number> => {
      const before = cpuMs(pid);
      for (let n = 0; n < count; n++) await one.json('/v1/infer', body);
      return (cpuMs(pid) - before) / count;
    };
    const queued = async (): Promise<number> => {
      const before = cpuMs(pid);
      const ends = one.lines.filter(({ event }) => event === 'async').length + count;
      for (let n = 0; n < count; n++) await one.json('/v1/async', body);
      while (one.lines.filter(({ event }) => event === 'async').length < ends)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return (cpuMs(pid) - before) / count;
    };
    await direct();
    await queued();
    const { ratio, ours, theirs } = await pairs(quick ? 3 : 9, queued, direct);
    await one.stop();
    return [
      {
        what: 'CPU of a request through the queue, a folder',
        peer: 'one that is answered at once',
        ...{ ours: `${ours.toFixed(2)} ms`, theirs: `${theirs.toFixed(2)} ms`, value: ratio, limit, unit: '×' },
      },
    ];
  } finally {
    bed.remove();
  }
}
