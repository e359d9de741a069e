import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CallTimeout } from './http.ts';
import { entryName } from './launch.ts';
import { findListening, type Listening } from './listening.ts';
import { endOf } from './log-file.ts';
import { pause } from './pause.ts';

/** A process for one cold start. */
export interface Sampler {
  /** Resolves with the line in which it says where it listens. Throws CallTimeout, or Error when it ends before. */
  listening(timeoutMs: number, signal: AbortSignal): Promise<Listening>;
  /** The error with what the process said last, and how it ended if it did: a lost connection comes a moment before. */
  explain(error: Error): Promise<string>;
  /** Ends the process and waits until it is gone, so that it takes nothing from the next start. */
  stop(): Promise<void>;
}

/** What of its output is kept, characters: enough for the line awaited and for the end of a stack. */
const keptChars = 32 * 1024;
/** How long after a lost connection the end of the process is waited for, ms. */
const endingMs = 200;

/**
 * Spawns the process as a child of ours and listens to its stdout, because waiting for a port by trying would add the
 * time between two tries to the measurement.
 */
export function startSampler(dir: string, variables: Record<string, string>): Sampler {
  const child = spawn(process.execPath, [join(dir, entryName), '--port', '0'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: variables,
  });
  let output = '';
  let ended: string | undefined;
  let notify = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    // Read to the end even when nobody is interested any more: a full pipe would stop the process.
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptChars);
      notify();
    });
  }
  const gone = new Promise<void>((resolve) => {
    const end = (text: string): void => {
      ended ??= text;
      notify();
      resolve();
    };
    child.once('error', (error) => end(`it could not be started: ${error.message}`));
    child.once('exit', (code, name) => end(name ? `it was ended by ${name}` : `it ended with exit code ${code}`));
  });
  const listening = (timeoutMs: number, signal: AbortSignal): Promise<Listening> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        notify = () => {};
        act();
      };
      const abort = (): void => settle(() => reject(signal.reason));
      const timer = setTimeout(
        () => settle(() => reject(new CallTimeout('it does not listen'))),
        Math.max(1, timeoutMs),
      );
      signal.addEventListener('abort', abort, { once: true });
      notify = () => {
        const found = findListening(output);
        if (found) settle(() => resolve(found));
        else if (ended !== undefined) settle(() => reject(new Error(ended)));
      };
      notify();
    });
  return {
    listening,
    explain: async (error) => {
      await Promise.race([gone, pause(endingMs, undefined)]);
      return [ended ?? error.message, ...endOf(output)].join(' | ').slice(0, 2000);
    },
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
