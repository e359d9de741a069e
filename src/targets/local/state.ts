import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../../errors.ts';
import { check, type Shape, ShapeError } from '../../model/shape.ts';
import { call } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { Revision } from '../../rollout/target.ts';
import type { ProcessId } from './process-mark.ts';

/** A deployed process. */
export interface LocalRevision extends ProcessId {
  id: string;
  role: 'candidate' | 'live';
  /** Pinned version; `null` follows the pointer. */
  version: string | null;
  port: number;
  packageSha256: string;
  settingsSha256: string;
  deployed_at: string;
}

/** What is remembered about a function between runs. What is not in here and runs is an orphan. */
export interface LocalState {
  schema: 1;
  /** Port of the live endpoint, kept over restarts and while nothing is live; 0 when none was chosen yet. */
  port: number;
  revisions: LocalRevision[];
}

const shape: Shape = {
  schema: 'count',
  port: 'count',
  revisions: [
    {
      id: 'string',
      role: 'string',
      port: 'count',
      pid: 'count',
      started: 'string',
      packageSha256: 'sha256',
      settingsSha256: 'sha256',
      deployed_at: 'string',
    },
  ],
};

/** As a shell takes it. */
const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

export const emptyState = (): LocalState => ({ schema: 1, port: 0, revisions: [] });

/**
 * No file is an empty state: the processes themselves are found by their marks. One that cannot be read, or holds
 * something else, is none, since what an empty state does not name is stopped: throws InputError
 * `local-state-unreadable` (exit 2) then.
 */
export async function readState(path: string): Promise<LocalState> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return emptyState();
    throw new InputError(
      [{ path, message: `the state of the local function cannot be read (${code ?? 'no reason given'}).` }],
      {
        code: 'local-state-unreadable',
        hint: 'Run as the user who deployed it, or give this user the folder.',
        cause: error,
      },
    );
  }
  try {
    return check<LocalState>(bytes, shape, path);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new InputError(
      [{ path, message: `the state of the local function is not what Coldgate wrote: ${error.message}` }],
      {
        code: 'local-state-unreadable',
        hint: `Delete it (rm ${quoted(path)}) and run this again: what runs is found by its processes, and deployed again.`,
        cause: error,
      },
    );
  }
}

/** Written whole or not at all. Readable only by the user: settings may contain paths of private models. */
export async function writeState(path: string, state: LocalState): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temp = `${path}.${randomUUID()}`;
  try {
    await writeFile(temp, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    await rename(temp, path);
  } finally {
    await rm(temp, { force: true });
  }
}

export const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

export const portOf = (url: string): number => Number(new URL(url).port);

/** The process of a revision as it is called. */
export const endpointOf = (port: number): Endpoint => ({
  url: urlOf(port),
  send: (path, options) => call(`${urlOf(port)}${path}`, options),
});

export function toRevision(found: LocalRevision): Revision {
  const { id, role, version, port, packageSha256, settingsSha256 } = found;
  return { id, role, version, url: urlOf(port), packageSha256, settingsSha256 };
}
