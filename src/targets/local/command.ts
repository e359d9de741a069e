import { join } from 'node:path';
import { formatMark, markVariable, type ProcessMark } from './process-mark.ts';

/** Entry of the package that serves plain HTTP. */
export const entryName = 'node.cjs';

export interface Command {
  file: string;
  args: string[];
}

/**
 * The command of a function's process. Linux shows the environment of a process, where the mark is. macOS may hide it, so
 * there the mark also stands among Node's own arguments, as a condition for package resolution that no package knows.
 */
export function commandOf(dir: string, port: number, mark: ProcessMark, system: string = process.platform): Command {
  const shown = system === 'linux' ? [] : ['-C', `${markVariable}=${formatMark(mark)}`];
  return { file: process.execPath, args: [...shown, join(dir, entryName), '--port', String(port)] };
}
