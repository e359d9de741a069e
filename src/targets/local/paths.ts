import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ColdgateError, exitCodes } from '../../errors.ts';

/** Paths of one function's files on this machine. */
export interface FunctionPaths {
  name: string;
  /** Folder of the function; gone after `remove all`. */
  dir: string;
  state: string;
  lock: string;
  logs: string;
  packages: string;
  /** What V8 compiled of packages, one folder each: those of `packages` hold their own files alone. */
  code: string;
  /** Model files of running revisions, one folder each. */
  models: string;
  /** Messages of the queue in front of it. */
  queue: string;
  /** Model folders of samples in progress. */
  samples: string;
  /** Short digest of `dir`, carried by every process of the function, so that they are found without any file. */
  tag: string;
}

/**
 * The paths of a function. The tag comes from the real path, so that a link to the folder means the same function, and
 * is known before the folder exists and after it was deleted by hand.
 * Throws ColdgateError `bad-function-name` (exit 2) for a name that is no plain file name.
 */
export async function functionPaths(stateDir: string, name: string): Promise<FunctionPaths> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw new ColdgateError(
      'bad-function-name',
      exitCodes.usage,
      `A function cannot be named ${JSON.stringify(name)}.`,
      {
        hint: 'Use letters, digits, ".", "_" and "-".',
      },
    );
  }
  const dir = join(await canonical(stateDir), name);
  return {
    name,
    dir,
    state: join(dir, 'state.json'),
    lock: `${dir}.lock`,
    logs: join(dir, 'logs'),
    packages: join(dir, 'packages'),
    code: join(dir, 'code'),
    models: join(dir, 'models'),
    queue: join(dir, 'queue'),
    samples: join(dir, 'samples'),
    tag: createHash('sha256').update(dir).digest('hex').slice(0, 16),
  };
}

/** The real path, also where the last parts do not exist yet. */
async function canonical(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return join(await canonical(dirname(path)), basename(path));
  }
}
