import { writeSync } from 'node:fs';
import { bufferLines, type LineBuffer } from './line-buffer.ts';
import type { WriteLine } from './log-line.ts';

export interface NodeOutput extends LineBuffer {
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
