import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../test/emulators/fault.ts';
import { FaultProxy } from '../../test/emulators/fault-proxy.ts';
import { GcsFolder } from '../../test/fakes/handler/gcs-folder.ts';
import { tinyModel } from '../../test/fixtures/onnx.ts';
import type { FunctionProcess } from '../../test/handler/function-process.ts';
import type { Goal, Options } from '../goal.ts';
import { Stage } from '../handler/stage.ts';

const refreshSeconds = 5;
const patienceMs = 120_000;

interface Counted {
  /** Requests an instance and interval. */
  rate: number;
  seconds: number;
  requests: number;
}

/** Processes of the function on one store, whose requests are counted on their way. */
class Fleet {
  readonly processes: FunctionProcess[];
  readonly proxy: FaultProxy;

  constructor(processes: FunctionProcess[], proxy: FaultProxy) {
    this.processes = processes;
    this.proxy = proxy;
  }

  async counting(work: () => Promise<unknown>): Promise<Counted> {
    this.proxy.forget();
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    const requests = this.proxy.requests.length;
    return { rate: requests / this.processes.length / (seconds / refreshSeconds), seconds, requests };
  }

  /** Until all of them serve the version; asking for it makes none of them look. */
  async serve(version: string): Promise<void> {
    for (const until = performance.now() + patienceMs; performance.now() < until; await pause(1000)) {
      const answers = await Promise.all(this.processes.map((one) => one.json('/v1/health')));
      if (answers.every((one) => (one as { model?: { version: string } }).model?.version === version)) return;
    }
    throw new Error(`not all of ${this.processes.length} processes serve ${version}`);
  }
}

const slowDown: Fault = { kind: 'fail-before', status: 503, body: 'slow down' };

async function phases(stage: Stage, fleet: Fleet, quick: boolean) {
  const release = (version: string, bias: number) =>
    stage.store.promote(stage.store.publish('tiny', version, { model: tinyModel(bias) }));
  const ms = (quick ? 2 : 4) * refreshSeconds * 1000;
  await fleet.serve('1.0.0');
  const steady = await fleet.counting(() => pause(ms));
  const flip = await fleet.counting(() => {
    release('1.1.0', 1);
    return fleet.serve('1.1.0');
  });
  fleet.proxy.script = () => slowDown;
  release('1.2.0', 2);
  const gone = await fleet.counting(() => pause(ms));
  fleet.proxy.script = () => undefined;
  const back = await fleet.counting(() => fleet.serve('1.2.0'));
  return { steady, flip, gone, back };
}

/**
 * Many processes follow one pointer: while nothing happens, over a flip, and over an outage of the store in which the
 * pointer moves.
 */
export async function followingTogether({ quick, scratch }: Options): Promise<Goal[]> {
  const count = quick ? 8 : 40;
  const stage = await Stage.open(scratch);
  const store = await new GcsFolder(stage.store.root).start();
  const { STORAGE_EMULATOR_HOST: address = '', ...variables } = store.variables;
  const proxy = await FaultProxy.before(address);
  stage.store.promote(stage.store.publish('tiny', '1.0.0', { model: tinyModel() }));
  const more = { ...variables, STORAGE_EMULATOR_HOST: proxy.endpoint, MODEL_REFRESH_SECONDS: String(refreshSeconds) };
  const processes: FunctionProcess[] = [];
  try {
    // A few at a time: what starts is not what is measured.
    while (processes.length < count) {
      const some = Array.from({ length: Math.min(4, count - processes.length) }, () => stage.start('tiny', more));
      processes.push(...some);
      await Promise.all(some.map((one) => one.json('/v1/health?warm=true')));
    }
    const { steady, flip, gone, back } = await phases(stage, new Fleet(processes, proxy), quick);
    const all = { steady, flip, gone, back };
    const total = Object.values(all).reduce((sum, one) => ({
      ...{ requests: sum.requests + one.requests, seconds: sum.seconds + one.seconds, rate: 0 },
    }));
    const inAll = { ...total, rate: total.requests / count / (total.seconds / refreshSeconds) };
    const row = (when: string, { rate, seconds, requests }: Counted, limit: number): Goal => ({
      what: `requests of ${count} processes, an instance and interval of ${refreshSeconds} s, ${when}`,
      ...{ peer: '', ours: `${requests} in ${seconds.toFixed(1)} s`, theirs: '', value: rate, unit: 'requests', limit },
    });
    // A look that is refused comes once more, and an interval may be a fifth shorter.
    return [
      row('in all', inAll, 2),
      row('while nothing happens', steady, 2),
      row('while the store is gone', gone, 2 / 0.8),
      row('over a flip: pointer, manifest and model besides', flip, 2 + 3 * (refreshSeconds / flip.seconds)),
      row('once the store is back, the same', back, 2 + 3 * (refreshSeconds / back.seconds)),
    ];
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
    await proxy.close();
    await store.close();
    stage.remove();
  }
}
