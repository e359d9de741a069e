import { sinceStart } from '../clock.ts';
import type { WriteLine } from './log-line.ts';

export interface LineBuffer {
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
export function bufferLines(put: (text: string) => void): LineBuffer {
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
