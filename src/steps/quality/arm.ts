import { type AnswerTensor, type Score, score } from '../../gate/quality/score.ts';
import type { Logger } from '../../log.ts';
import { type Answer, call, describeAnswer, field } from '../../rollout/proof/http.ts';
import type { Item, ItemReader } from './items.ts';

/** What became of one item: a score for each metric, or why there is none. */
export type Outcome = Score[];

/** A running function that is asked. */
export interface Running {
  url: string;
  /** Starts it again after its process has ended. Throws UnprovenError. */
  again(): Promise<Running>;
}

export interface ArmWork {
  /** For progress: `candidate 1.1.0`. */
  label: string;
  reader: ItemReader;
  kept: readonly boolean[];
  /** Of each metric the name of its output. */
  outputs: readonly string[];
  /** Items at the beginning that have been answered before. */
  done: number;
  start(): Promise<Running>;
  /** Called in order with each batch's outcomes. */
  keep(outcomes: Outcome[]): Promise<void>;
  log: Logger;
  signal: AbortSignal;
}

/** Of one request: items, characters of JSON, and elements of answers. */
const most = { items: 64, characters: 4_000_000, elements: 400_000 };
/** One request; the function has its own, shorter limit for a run. */
const timeoutMs = 15 * 60_000;
/** A model that ends its process at every tenth item is no model to be waited for. */
const maxRestarts = 20;

interface Batch {
  items: Item[];
  /** Each as JSON. */
  texts: string[];
}

/** Groups the items that are left into requests; `room` says how many items the next may have. */
async function* batches({ reader, kept, done }: ArmWork, room: () => number): AsyncGenerator<Batch> {
  let [at, counted] = [0, 0];
  let batch: Batch = { items: [], texts: [] };
  let size = 0;
  for await (const item of reader.read()) {
    // What is wrong was said when the file was surveyed.
    if (Array.isArray(item) || !kept[at++] || counted++ < done) continue;
    const text = JSON.stringify({ inputs: item.inputs });
    if (batch.items.length > 0 && (batch.items.length >= room() || size + text.length > most.characters)) {
      yield batch;
      batch = { items: [], texts: [] };
      size = 0;
    }
    batch.items.push(item);
    batch.texts.push(text);
    size += text.length;
  }
  if (batch.items.length > 0) yield batch;
}

/** Asks a running function, and starts it again where an item ends its process. */
class Asker {
  readonly #work: ArmWork;
  #running: Running | undefined;
  #restarts = 0;
  /** Elements of the largest answer so far; unknown before the first. */
  #elements = 0;

  constructor(work: ArmWork) {
    this.#work = work;
  }

  room(): number {
    return this.#elements === 0 ? 1 : Math.max(1, Math.min(most.items, Math.floor(most.elements / this.#elements)));
  }

  async ask(batch: Batch): Promise<Outcome[]> {
    const answer = await this.#send(batch);
    const items = typeof answer === 'string' ? undefined : field(answer.body, 'items');
    if (typeof answer !== 'string' && answer.status === 200 && Array.isArray(items)) {
      return batch.items.map((item, at) => this.#outcome(item, items[at]));
    }
    const why = typeof answer === 'string' ? answer : describeAnswer(answer);
    if (batch.items.length === 1) return batch.items.map(() => this.#work.outputs.map(() => ({ value: null, why })));
    const outcomes: Outcome[] = [];
    for (const [at, item] of batch.items.entries()) {
      outcomes.push(...(await this.ask({ items: [item], texts: [batch.texts[at] as string] })));
    }
    return outcomes;
  }

  /** The answer, or why there is none. */
  async #send({ texts }: Batch): Promise<Answer | string> {
    const { outputs, signal } = this.#work;
    this.#running ??= await this.#work.start();
    const query = [...new Set(outputs)].map((name) => `output=${encodeURIComponent(name)}`).join('&');
    try {
      const body = `{"items":[${texts.join(',')}]}`;
      return await call(`${this.#running.url}/v1/batch?${query}`, { timeoutMs, signal, body });
    } catch (error) {
      signal.throwIfAborted();
      if (this.#restarts++ >= maxRestarts) throw error;
      this.#running = await this.#running.again();
      return `the process ended: ${(error as Error).message}`;
    }
  }

  #outcome({ expected }: Item, answered: unknown): Outcome {
    const { outputs, reader } = this.#work;
    return outputs.map((name, at) => {
      const tensor = tensorOf(field(field(answered, 'outputs'), name));
      if (!tensor) return { value: null, why: String(field(field(answered, 'error'), 'message') ?? 'no answer') };
      this.#elements = Math.max(this.#elements, tensor.data.length, 1);
      return score(expected[at]!, tensor, reader.scorings[at]!);
    });
  }
}

/** Nested lists, or `{ shape, data }`. */
function tensorOf(value: unknown): AnswerTensor | undefined {
  if (value === undefined || value === null) return undefined;
  const [shape, flat] = [field(value, 'shape'), field(value, 'data')];
  if (Array.isArray(shape) && Array.isArray(flat)) return { shape, data: flat };
  const sizes: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) sizes.push(level.length);
  const data = Array.isArray(value) ? (value.flat(64) as AnswerTensor['data']) : [value as number];
  return { shape: sizes, data };
}

/** Has every item answered that is left, in order; the next request is read while the last is being answered. */
export async function answerItems(work: ArmWork): Promise<void> {
  const total = work.kept.filter(Boolean).length;
  if (work.done >= total) return;
  const asker = new Asker(work);
  const all = batches(work, () => asker.room());
  let done = work.done;
  let next = await all.next();
  while (!next.done) {
    const asked = asker.ask(next.value);
    // Until it is known how much an answer holds, requests are of one item.
    const following = asker.room() === 1 ? asked.then(() => all.next()) : all.next();
    const [outcomes, after] = await Promise.all([asked, following]);
    await work.keep(outcomes);
    done += outcomes.length;
    work.log.progress(`Evaluating ${work.label}`, done, total, 'steps');
    next = after;
  }
}
