import { writeSync } from 'node:fs';
import { sinceStart } from '../clock.ts';
import type { WriteLine } from './log-line.ts';

interface LineBuffer {
  write: WriteLine;
  /** Puts out what waits; to be called before the process ends. */
  flush(): void;
}

/** Longest that a line waits for company, ms. */
const longestMs = 10;

/**
 * Joins lines that come close together into one write: thousands of writes a second would cost as much as the answers.
 * A line that comes alone goes out at once.
 */
function bufferLines(put: (text: string) => void): LineBuffer {
  let waiting = '';
  let last = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text === '') return;
    last = sinceStart();
    put(text);
  };
  return {
    write(line) {
      const first = waiting === '';
      waiting += `${line}\n`;
      if (!first) return;
      if (sinceStart() - last > longestMs) setImmediate(flush);
      else setTimeout(flush, longestMs);
    },
    flush,
  };
}

interface NodeOutput extends LineBuffer {
  /** Puts a line out before it returns. */
  writeAtOnce: WriteLine;
}

/**
 * The process's log, on standard output. Node's stream for that is opened with the first line that may wait: it takes
 * 1.5 ms to make, and lets go of nothing before the next turn of the event loop.
 */
export function openOutput(): NodeOutput {
  let output: NodeJS.WriteStream | undefined;
  const { write, flush } = bufferLines((text) => {
    // A reader of our log that goes away is no reason to stop answering.
    output ??= process.stdout.on('error', () => {});
    output.write(text);
  });
  const writeAtOnce = (line: string): void => {
    try {
      writeSync(1, `${line}\n`);
    } catch {
      write(line);
      flush();
    }
  };
  return { write, flush, writeAtOnce };
}
