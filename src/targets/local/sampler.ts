import { type ChildProcess, spawn } from 'node:child_process';
import { atMost } from '../../pause.ts';
import { CallTimeout } from '../../rollout/proof/http.ts';
import type { Command } from './command.ts';
import { findListening, type Listening } from './listening.ts';
import { endOf } from './log-file.ts';
import { killMs } from './stop-process.ts';

/** What of its output is kept, characters: enough for the line awaited and for the end of a stack. */
const keptChars = 32 * 1024;
/** How long after a lost connection the end of the process is waited for, ms. */
const endingMs = 200;

/**
 * A child process for one cold start. Reads its stdout, because polling a port would add the polling interval to the
 * measurement.
 */
export class Sampler {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #output = '';
  #ended: string | undefined;
  #notify = (): void => {};

  /** Spawns it at once. */
  constructor(dir: string, command: Command, variables: Record<string, string>) {
    const child = spawn(command.file, command.args, {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: variables,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      // Read to the end even when no longer needed: a full pipe would stop the process.
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-keptChars);
        this.#notify();
      });
    }
    this.#gone = new Promise((resolve) => {
      const end = (text: string): void => {
        this.#ended ??= text;
        this.#notify();
        resolve();
      };
      child.once('error', (error) => end(`it could not be started: ${error.message}`));
      child.once('exit', (code, name) => end(name ? `it was ended by ${name}` : `it ended with exit code ${code}`));
    });
  }

  /**
   * Waits for the line with its port. Throws CallTimeout, Error when the process ends before, or the signal's reason.
   */
  async listening(timeoutMs: number, signal: AbortSignal): Promise<Listening> {
    const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const stop = AbortSignal.any([late, signal]);
    for (;;) {
      const found = findListening(this.#output);
      if (found) return found;
      if (this.#ended !== undefined) throw new Error(this.#ended);
      signal.throwIfAborted();
      if (late.aborted) throw new CallTimeout('it does not listen');
      await this.#news(stop);
    }
  }

  /** Resolves with the next output, the end of the process, or the signal. */
  #news(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#notify = () => {};
        stop.removeEventListener('abort', settle);
        resolve();
      };
      stop.addEventListener('abort', settle, { once: true });
      this.#notify = settle;
    });
  }

  /**
   * The error with the process's last output, and how it ended if it did: a lost connection is noticed a moment before.
   */
  async explain(error: Error): Promise<string> {
    await atMost(endingMs, this.#gone);
    return [this.#ended ?? error.message, ...endOf(this.#output)].join(' | ').slice(0, 2000);
  }

  /** Ends the process and waits until it is gone, so that it takes nothing from the next start; not for one that stays. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await atMost(killMs, this.#gone);
  }
}
