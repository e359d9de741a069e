import { beforeEach, describe, expect, it } from 'vitest';
import { historyKey, pointerKey } from '../../../src/model/layout.ts';
import { type Pointer, parsePointer } from '../../../src/model/pointer.ts';
import { Pace } from '../../../src/registry/pointer/pace.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { DeniedError, PreconditionError, type Store, UnavailableError } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { codeOf, failureOf, keysOf, model, removeKey, Simulation, textAt } from '../../fakes/registry/simulation.ts';
import { type Request, WrappedStore } from '../../fakes/registry/wrapped-store.ts';

const current = pointerKey(model);
let store: Store;
let simulation: Simulation;
const live = async () => parsePointer(Buffer.from(await textAt(store, current)));

/** Does something else than answering the write of the pointer. */
class SwapFault extends WrappedStore {
  readonly onSwap: (act: () => Promise<unknown>, attempt: number) => Promise<unknown>;
  onRead: () => void = () => {};
  attempts = 0;

  constructor(inner: Store, onSwap: SwapFault['onSwap']) {
    super(inner);
    this.onSwap = onSwap;
  }

  protected override async request<T>({ operation, key }: Request, act: () => Promise<T>): Promise<T> {
    if (key === current && operation === 'get') this.onRead();
    if (key !== current || operation !== 'put') return act();
    this.attempts += 1;
    return this.onSwap(act, this.attempts) as Promise<T>;
  }
}

const lost = () => new UnavailableError('no answer', { store: 'memory:', key: current });
const stale = () => new PreconditionError('memory:', current);

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await simulation.publish(version);
  await simulation.promote('1.0.0');
});

describe('a swap whose answer does not settle it', () => {
  for (const [what, error] of Object.entries({
    lost: lost(),
    refused: stale(),
    unknown: new Error('socket hang up'),
  })) {
    it(`is won when the write was carried out and the answer was ${what}`, async () => {
      const faulty = new SwapFault(store, async (act) => {
        await act();
        throw error;
      });
      expect(await new Simulation(faulty).promote('1.1.0')).toMatchObject({
        promoted: true,
        sequence: 2,
        recorded: true,
      });
      expect(faulty.attempts).toBe(1);
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });
  }

  it('is tried again while the pointer is untouched, and is won then', async () => {
    const faulty = new SwapFault(store, async (act, attempt) => {
      if (attempt < 3) throw attempt === 1 ? lost() : stale();
      return act();
    });
    expect((await new Simulation(faulty).promote('1.1.0')).promoted).toBe(true);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('is won once when the first write lands late, after the second', async () => {
    const late: (() => Promise<unknown>)[] = [];
    const faulty = new SwapFault(store, async (act, attempt) => {
      if (attempt > 1) return act();
      late.push(act);
      throw lost();
    });
    expect((await new Simulation(faulty).promote('1.1.0')).promoted).toBe(true);
    await expect(late[0]!()).rejects.toThrow(PreconditionError);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('ends as it failed when the store never takes it, and nothing has changed', async () => {
    const faulty = new SwapFault(store, async () => {
      throw lost();
    });
    expect(await codeOf(new Simulation(faulty).promote('1.1.0'))).toBe('store-unavailable');
    expect(faulty.attempts).toBe(3);
    expect((await live()).version).toBe('1.0.0');
  });

  /** Lets every write of the pointer get lost, and one of them land late. */
  const lateWriter = (inner: Store) => {
    const late: (() => Promise<unknown>)[] = [];
    const faulty = new SwapFault(inner, async (act) => {
      late.push(act);
      throw lost();
    });
    return { simulation: new Simulation(faulty), land: () => late[0]!() };
  };

  it('cannot land late once a prune has looked at the pointer, which then deletes what was to go live', async () => {
    const { simulation: losing, land } = lateWriter(store);
    expect(await codeOf(losing.promote('1.1.0'))).toBe('store-unavailable');
    expect((await simulation.prune({ retain: 1 })).deleted.map((d) => d.version)).toContain('1.1.0');
    await expect(land()).rejects.toThrow(PreconditionError);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('keeps its version pinned while the first promotion of all may still land', async () => {
    const fresh = new Simulation(openMemoryStore());
    for (const version of ['1.0.0', '1.1.0']) await fresh.publish(version);
    const { simulation: losing, land } = lateWriter(fresh.store);
    expect(await codeOf(losing.promote('1.0.0'))).toBe('store-unavailable');
    expect((await fresh.prune({ retain: 1 })).deleted).toEqual([]);
    await land();
    expect(await checkInvariants(fresh.store, model)).toEqual([]);
  });

  it('does not ask twice when the store denies it', async () => {
    const faulty = new SwapFault(store, async () => {
      throw new DeniedError('s3:PutObject is missing', { store: 'memory:', key: current });
    });
    expect(await failureOf(new Simulation(faulty).promote('1.1.0'))).toMatchObject({ code: 'denied', exit: 8 });
    expect(faulty.attempts).toBe(1);
    expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
  });

  it('is reported as unknown when it cannot be read back, and a second run finds out', async () => {
    let silent = false;
    const faulty = new SwapFault(store, async (act) => {
      await act();
      silent = true;
      throw lost();
    });
    faulty.onRead = () => {
      if (silent) throw lost();
    };
    expect(await failureOf(new Simulation(faulty).promote('1.1.0'))).toMatchObject({
      code: 'outcome-unknown',
      exit: 1,
    });
    silent = false;
    expect(await simulation.promote('1.1.0')).toMatchObject({ promoted: false, sequence: 2 });
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});

describe('a promotion that is told to go on', () => {
  it('knows its own move again that landed while it waited', async () => {
    const late: (() => Promise<unknown>)[] = [];
    const faulty = new SwapFault(store, async (act) => {
      late.push(act);
      throw lost();
    });
    const verified = await simulation.prove('1.1.0');
    const sleep = async () => {
      await late.shift()?.();
    };
    const moved = await new Simulation(faulty).promote('1.1.0', { verified, pace: new Pace(), sleep });
    expect(moved).toMatchObject({ promoted: true, version: '1.1.0', previousVersion: '1.0.0', sequence: 2 });
    expect(faulty.attempts).toBe(1);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});

describe('a swap that someone else makes first', () => {
  it('is lost, and the report says who, which run, from what, to what', async () => {
    const faulty = new SwapFault(store, async (act) => {
      await simulation.promote('1.2.0', { actor: 'eve', runUrl: 'https://ci/7' });
      return act();
    });
    const failure = await failureOf(new Simulation(faulty).promote('1.1.0'));
    expect(failure).toMatchObject({ code: 'lost-swap', exit: 6 });
    const by = failure.data!['by'] as Pointer;
    expect(by).toMatchObject({
      actor: 'eve',
      run_url: 'https://ci/7',
      version: '1.2.0',
      previous: { version: '1.0.0' },
    });
    for (const word of ['eve', 'https://ci/7', '1.0.0', '1.1.0', '1.2.0']) expect(failure.message).toContain(word);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('is lost also when the first promotion of all was meant', async () => {
    const fresh = new Simulation(openMemoryStore());
    await fresh.publish('1.0.0');
    await fresh.publish('1.1.0');
    const faulty = new SwapFault(fresh.store, async (act) => {
      await fresh.promote('1.1.0', { actor: 'eve' });
      return act();
    });
    expect(await codeOf(new Simulation(faulty).promote('1.0.0'))).toBe('lost-swap');
    expect(await checkInvariants(fresh.store, model, { settled: true })).toEqual([]);
  });

  it('is lost when several have moved on since', async () => {
    const faulty = new SwapFault(store, async () => {
      await simulation.promote('1.2.0');
      await simulation.promote('1.3.0');
      throw lost();
    });
    expect(await codeOf(new Simulation(faulty).promote('1.1.0'))).toBe('lost-swap');
  });

  it('is lost when someone removes the pointer', async () => {
    const faulty = new SwapFault(store, async (act) => {
      await removeKey(store, current);
      return act();
    });
    expect(await codeOf(new Simulation(faulty).promote('1.1.0'))).toBe('lost-swap');
  });

  it('was won and is superseded when others moved on from ours before we could see it', async () => {
    for (const moves of [['1.2.0'], ['1.2.0', '1.3.0', '1.0.0']]) {
      const from = await live();
      const faulty = new SwapFault(store, async (act) => {
        await act();
        for (const version of moves) await simulation.promote(version, { actor: 'eve' });
        throw lost();
      });
      const result = await new Simulation(faulty).promote('1.1.0');
      expect(result).toMatchObject({ promoted: true, version: '1.1.0', sequence: from.sequence + 1 });
      expect(result.superseded).toMatchObject({ version: moves.at(-1), actor: 'eve' });
      expect(parsePointer(Buffer.from(await textAt(store, historyKey(model, result.sequence)))).version).toBe('1.1.0');
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    }
  });
});

describe('the history record after a swap', () => {
  class RecordFault extends WrappedStore {
    protected override async request<T>({ operation, key }: Request, act: () => Promise<T>): Promise<T> {
      if (operation === 'put' && key.includes('/history/')) throw lost();
      return act();
    }
  }

  it('is left to the next move when the store does not take it, and the move is reported as done', async () => {
    const failing = new Simulation(new RecordFault(store));
    expect(await failing.promote('1.1.0')).toMatchObject({ promoted: true, recorded: false });
    expect(failing.log.warnings).toHaveLength(1);
    expect(await checkInvariants(store, model)).toEqual([]);
    await simulation.promote('1.2.0');
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('holds the next move up when it still cannot be written', async () => {
    const failing = new Simulation(new RecordFault(store));
    await failing.promote('1.1.0');
    expect(await codeOf(failing.promote('1.2.0'))).toBe('store-unavailable');
    expect((await live()).version).toBe('1.1.0');
  });
});
