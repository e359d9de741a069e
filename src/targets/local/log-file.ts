import { open, readFile, rename } from 'node:fs/promises';

/** Most of a log's end that is read, bytes. */
const tailBytes = 16 * 1024;
const tailLines = 12;

/** Opens a fresh log for a process, keeping the one before: it may show why that process died. */
export async function openLog(path: string): Promise<{ fd: number; close(): Promise<void> }> {
  await rename(path, `${path}.previous`).catch(() => {});
  const handle = await open(path, 'a', 0o600);
  return { fd: handle.fd, close: () => handle.close() };
}

/** The last lines of a log, for an error message; empty when there is none. */
export async function lastLines(path: string): Promise<string[]> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - start);
    await handle.read(buffer, 0, buffer.byteLength, start);
    return endOf(buffer.toString('utf8'));
  } finally {
    await handle.close();
  }
}

/** The last lines of what a process wrote, each short enough to read. */
export const endOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-tailLines)
    .map((line) => (line.length > 500 ? `${line.slice(0, 500)}…` : line));

/** All of a log, or nothing. */
export const readLog = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
