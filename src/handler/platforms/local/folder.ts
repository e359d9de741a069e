import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadError } from '../../model/load-error.ts';
import { makeId, timeOfId } from '../../queue/job.ts';
import type { Queue } from '../../queue/queue.ts';

/** A message that was taken out of `ready`. */
export interface Claimed {
  /** Its file in `work`. */
  file: string;
  attempt: number;
  message: Uint8Array;
}

/** A megabyte, as SQS takes it: larger bodies go by the store here too. */
const limit = 1024 * 1024;

/** Longest wait before a message is delivered again, ms. */
const longestWaitMs = 30_000;

/** A message that came so short ago is as young as its file says, ms. */
const youngMs = 250;

/**
 * Most of its own messages that a process keeps in memory, and the most bytes of one. What it takes itself it need not read;
 * files of that size are written in place, since handing one to another thread costs several times the CPU of the work.
 */
const kept = { messages: 100, bytes: 16_384 };

/** Between two looks at what other processes have sent, as long as this one has messages of its own, ms. */
const listedMs = 100;

/**
 * A folder as a queue, for processes of one machine. A message is a file `<name>.<deliveries so far>`; it changes its
 * state by a rename, which one process wins:
 *
 *     ready/  waits; its time of change is the moment from which it may be taken
 *     work/   is being worked on; its time of change is renewed by who does so, and is too old where that one has ended
 *     dead/   was given up, with a file `<name>.reason.json` beside it
 */
export class Folder implements Queue {
  readonly limit = limit;
  readonly #root: string;
  readonly #made: Promise<unknown>;
  /** What this process has sent and nobody has taken from here, by file. */
  readonly #own = new Map<string, Uint8Array>();
  #listAt = 0;
  /** Called when a message has come. */
  onSend: () => void = () => {};

  constructor(root: string) {
    this.#root = root;
    this.#made = Promise.all(
      ['new', 'ready', 'work', 'dead'].map((name) => mkdir(join(root, name), { recursive: true })),
    );
    this.#made.catch(() => {});
  }

  async send(message: Uint8Array): Promise<void> {
    const name = `${makeId(Date.now(), randomBytes(10))}.0`;
    try {
      await this.#made;
      if (message.byteLength <= kept.bytes) writeFileSync(this.#at('new', name), message);
      else await writeFile(this.#at('new', name), message);
      if (this.#own.size < kept.messages && message.byteLength <= kept.bytes) this.#own.set(name, message);
      renameSync(this.#at('new', name), this.#at('ready', name));
    } catch (error) {
      this.#own.delete(name);
      const { code } = error as NodeJS.ErrnoException;
      throw new LoadError('store-unavailable', `Writing to ${this.#root} failed (${code ?? 'unknown'}).`, error);
    }
    this.onSend();
  }

  /** Files that may be claimed now, the oldest first. */
  async ready(): Promise<string[]> {
    await this.#made;
    if (this.#own.size > 0 && performance.now() < this.#listAt) return [...this.#own.keys()];
    this.#listAt = performance.now() + listedMs;
    const files = (await readdir(this.#at('ready'))).filter(isMessage).sort();
    if (files.length === 0) this.#own.clear();
    const now = Date.now();
    const due = await Promise.all(
      files.map(async (file) => attemptsOf(file) === 0 || (await this.#age(file, now)) >= 0),
    );
    return files.filter((_, index) => due[index]);
  }

  /** Takes one of them; undefined where another process was first. */
  async claim(file: string): Promise<Claimed | undefined> {
    const attempt = attemptsOf(file) + 1;
    const taken = nameWith(file, attempt);
    const own = this.#own.get(file);
    this.#own.delete(file);
    try {
      // Before the rename: what waited for long must not look abandoned in that moment.
      const now = Date.now() / 1000;
      if (attempt > 1 || ageOf(file) > youngMs) utimesSync(this.#at('ready', file), now, now);
      renameSync(this.#at('ready', file), this.#at('work', taken));
      return { file: taken, attempt, message: own ?? (await readFile(this.#at('work', taken))) };
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Renews the claim: it is still being worked on. */
  renew = ({ file }: Claimed): Promise<void> => ignoringGone(this.#touch('work', file, Date.now()));

  /** Throws where that is not possible, but not where it is gone. */
  done({ file }: Claimed): void {
    try {
      unlinkSync(this.#at('work', file));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Puts it back, to be taken again after a wait that doubles. */
  async again({ file, attempt }: Claimed): Promise<void> {
    await ignoringGone(this.#touch('work', file, Date.now() + Math.min(1000 * 2 ** (attempt - 1), longestWaitMs)));
    await ignoringGone(rename(this.#at('work', file), this.#at('ready', file)));
  }

  /** Puts it aside with the reason. */
  async bury({ file, attempt }: Claimed, reason: string): Promise<void> {
    const text = JSON.stringify({ reason, attempt, time: new Date().toISOString() });
    await writeFile(this.#at('dead', file.replace(/\.\d+$/, '.reason.json')), text);
    await ignoringGone(rename(this.#at('work', file), this.#at('dead', file)));
  }

  /** Claims those in `work` that nobody has renewed for so long, ms. */
  async abandoned(leaseMs: number): Promise<Claimed[]> {
    const now = Date.now();
    const found: Claimed[] = [];
    for (const file of (await readdir(this.#at('work'))).filter(isMessage)) {
      try {
        const { mtimeMs } = await stat(this.#at('work', file));
        if (mtimeMs + leaseMs > now) continue;
        // Whoever renews it first has it; another process that has looked as well finds it young again.
        await this.#touch('work', file, now);
        found.push({ file, attempt: attemptsOf(file), message: await readFile(this.#at('work', file)) });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    return found;
  }

  /** Name of the revision that may work; undefined where none is named. */
  live(): string | undefined {
    try {
      return readFileSync(this.#at('live'), 'utf8').trim();
    } catch {
      return undefined;
    }
  }

  async #age(file: string, now: number): Promise<number> {
    const { mtimeMs } = await stat(this.#at('ready', file)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    return now - mtimeMs;
  }

  #touch(state: string, file: string, ms: number): Promise<void> {
    return utimes(this.#at(state, file), ms / 1000, ms / 1000);
  }

  #at(...parts: string[]): string {
    return join(this.#root, ...parts);
  }
}

const isMessage = (file: string): boolean => /^[0-9A-Z]{26}\.\d{1,4}$/.test(file);
const attemptsOf = (file: string): number => Number(file.slice(27));
/** Since it was sent, ms. */
const ageOf = (file: string): number => Date.now() - (timeOfId(file.slice(0, 26)) ?? 0);
const nameWith = (file: string, attempts: number): string => `${file.slice(0, 27)}${attempts}`;
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function ignoringGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
