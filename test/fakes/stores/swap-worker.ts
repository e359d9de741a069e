import { once } from 'node:events';
import { openStore } from '../../../src/stores/open.ts';
import {
  AlreadyExistsError,
  PreconditionError,
  readAll,
  type Store,
  UnavailableError,
} from '../../../src/stores/store.ts';

/**
 * One of many processes that write one key at the same time.
 * `swap`: appends its own marks to the object's list by compare-and-swap until it has won `rounds` times.
 * `create`: tries to create the key once.
 * node store-swap-worker.ts '{"url":"file:///…"}' '{"kind":"swap","key":"…","rounds":50,"name":"w1"}'
 */
export interface SwapPlan {
  kind: 'swap' | 'create';
  key: string;
  rounds: number;
  name: string;
}

/** A mark that the process knows it has written, and the generation (position in the list) that it made. */
export interface Win {
  generation: number;
  mark: string;
}

/** The last line; before it each win is said as soon as it is known, as `won {…}`. */
export interface SwapAnswer {
  name: string;
  won: Win[];
  lost: number;
}

/** Pipes are written at once on POSIX systems: what has been said arrives even if the process is killed next. */
const say = (line: string) => process.stdout.write(`${line}\n`);

async function read(store: Store, key: string): Promise<{ token: string; marks: string[] }> {
  const object = await store.get(key);
  return { token: object.info.token, marks: JSON.parse(Buffer.from(await readAll(object)).toString('utf8')) };
}

/** True when won, false when lost; an answer that does not say is settled by reading back. */
async function swap(store: Store, key: string, token: string, marks: string[]): Promise<boolean> {
  try {
    await store.put(key, Buffer.from(JSON.stringify(marks)), { unchanged: token });
    return true;
  } catch (thrown) {
    if (thrown instanceof PreconditionError) return false;
    if (!(thrown instanceof UnavailableError)) throw thrown;
    return (await read(store, key)).marks.includes(marks.at(-1) ?? '');
  }
}

async function swaps(store: Store, { key, rounds, name }: SwapPlan): Promise<SwapAnswer> {
  const answer: SwapAnswer = { name, won: [], lost: 0 };
  for (let attempt = 0; answer.won.length < rounds; attempt++) {
    const { token, marks } = await read(store, key);
    const mark = `${name}-${attempt}`;
    if (await swap(store, key, token, [...marks, mark])) {
      const win = { generation: marks.length, mark };
      answer.won.push(win);
      say(`won ${JSON.stringify(win)}`);
    } else answer.lost++;
  }
  return answer;
}

async function creates(store: Store, { key, name }: SwapPlan): Promise<SwapAnswer> {
  try {
    await store.put(key, Buffer.from(name), 'absent');
    return { name, won: [{ generation: 0, mark: name }], lost: 0 };
  } catch (thrown) {
    if (!(thrown instanceof AlreadyExistsError)) throw thrown;
    return { name, won: [], lost: 1 };
  }
}

const plan: SwapPlan = JSON.parse(process.argv[3] ?? '{}');
const store = await openStore(JSON.parse(process.argv[2] ?? '{}'));
say('ready');
await once(process.stdin, 'data');
say(JSON.stringify(await (plan.kind === 'swap' ? swaps(store, plan) : creates(store, plan))));
