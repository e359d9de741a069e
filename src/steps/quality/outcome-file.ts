import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from './arm.ts';

/** Files of outcomes that are kept; the oldest go. */
const maxFiles = 100;

const encode = (outcomes: readonly Outcome[]): string =>
  `${JSON.stringify(outcomes.map((outcome) => outcome.map((one) => (one.value === null ? [null, one.why] : [one.value, one.predicted]))))}\n`;

/** One line of outcomes; undefined where a killed run left a part of it, or something else is there. */
function decode(line: string, metrics: number): Outcome[] | undefined {
  try {
    const rows = JSON.parse(line) as [number | null, string | undefined | null][][];
    if (!rows.every((row) => row.length === metrics)) return undefined;
    return rows.map((row) =>
      row.map(([value, text]) => {
        if (value === null) return { value, why: String(text) };
        if (typeof value !== 'number') throw new TypeError('no number');
        return typeof text === 'string' ? { value, predicted: text } : { value };
      }),
    );
  } catch {
    return undefined;
  }
}

/**
 * The outcomes of one model for one set of examples, on this machine: a line for each answered request, so that a run that
 * was killed continues, and a model answers each example once. It can be made again at any time.
 */
export class OutcomeFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #metrics: number;

  /** @param key all that the outcomes depend on: digests of model, package and examples, and how they are scored */
  constructor(cacheDir: string, key: unknown, metrics: number) {
    this.#folder = join(cacheDir, 'quality');
    const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 40);
    this.#path = join(this.#folder, `${name}.jsonl`);
    this.#metrics = metrics;
  }

  /** What is there, up to the first line that is not whole; the rest is cut off. */
  async read(): Promise<Outcome[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const outcomes: Outcome[] = [];
    let whole = 0;
    for (const line of text.split('\n').slice(0, -1)) {
      const found = decode(line, this.#metrics);
      if (!found) break;
      outcomes.push(...found);
      whole += line.length + 1;
    }
    if (text !== '' && whole < text.length) await writeFile(this.#path, text.slice(0, whole));
    if (text !== '') await utimes(this.#path, new Date(), new Date());
    return outcomes;
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async add(outcomes: readonly Outcome[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await appendFile(this.#path, encode(outcomes));
  }

  /** Removes the files that have not been used for longest. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    if (names.length <= maxFiles) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#folder, name))).mtimeMs })),
    );
    const old = aged.sort((a, b) => b.at - a.at).slice(maxFiles);
    await Promise.all(old.map(({ name }) => rm(join(this.#folder, name), { force: true })));
  }
}
