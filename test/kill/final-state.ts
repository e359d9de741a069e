import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Pointer } from '../../src/model/pointer.ts';
import { markVariable, parseMark } from '../../src/targets/local/process-mark.ts';
import type { LocalState } from '../../src/targets/local/state.ts';

/** What a verb leaves behind, as far as it must be the same whether or not a run of it was killed before. */
export interface FinalState {
  /** Version and kind that the pointer names, and how many moves it has made. */
  version: string;
  kind: string;
  sequence: number;
  /** Versions in the store, each with its files. */
  versions: Record<string, string[]>;
  /** Recorded measurements, by version. */
  records: string[];
  /** Versions that a run was at work on; one that was killed keeps its own from being pruned for a day. */
  leases: string[];
  /** Roles of running processes, by function. */
  processes: string[];
  /** What the live function answers with; nothing where none is deployed. */
  serves: string | undefined;
  /** Whose messages the queue of the live function gives out; nothing where there is none. */
  queue: 'of what is live' | 'of another' | undefined;
  /** Functions with a folder, and locks that nobody holds any more. */
  functions: string[];
}

const names = (path: string): string[] => (existsSync(path) ? readdirSync(path).sort() : []);

const filesIn = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

/** Makes the leases of killed runs two days old. */
export function ageLeases(folder: string): void {
  const longAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
  for (const lease of filesIn(join(folder, 'store', 'digits', 'leases'))) utimesSync(lease, longAgo, longAgo);
}

/** Processes of functions of the project, by the environment that they carry. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .flatMap((pid) => {
      try {
        const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        if (!variables.some((text) => text.startsWith(`MODEL_PREFIX=${folder}/`))) return [];
        const mark = variables.find((text) => text.startsWith(`${markVariable}=`))?.slice(markVariable.length + 1);
        return [parseMark(mark ?? '')?.role ?? 'unmarked'];
      } catch {
        return [];
      }
    })
    .sort();
}

async function servedBy(functions: string): Promise<string | undefined> {
  const path = join(functions, 'digits-local', 'state.json');
  if (!existsSync(path)) return undefined;
  const { revisions }: LocalState = JSON.parse(readFileSync(path, 'utf8'));
  const live = revisions.find((revision) => revision.role === 'live');
  if (!live) return undefined;
  const reply = await fetch(`http://127.0.0.1:${live.port}/v1/health?warm=true`);
  return ((await reply.json()) as { model: { version: string } }).model.version;
}

function queueIn(functions: string): FinalState['queue'] {
  const folder = join(functions, 'digits-local');
  if (!existsSync(join(folder, 'queue'))) return undefined;
  const { revisions }: LocalState = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));
  const live = revisions.find((revision) => revision.role === 'live');
  const named = readFileSync(join(folder, 'queue', 'live'), 'utf8');
  return named === live?.id ? 'of what is live' : 'of another';
}

/** Throws Error where the history has a gap, or does not end with the very bytes of the pointer. */
function checkHistory(store: string, pointer: Pointer, bytes: Buffer): void {
  const records = names(join(store, 'history'));
  const expected = Array.from({ length: pointer.sequence }, (_, at) => `${String(at + 1).padStart(10, '0')}.json`);
  if (records.join() !== expected.join()) throw new Error(`the history of ${pointer.sequence} moves is ${records}`);
  const last = JSON.parse(readFileSync(join(store, 'history', expected.at(-1)!), 'utf8')) as Pointer;
  // A prune puts a fence of its own into the pointer; its record stays as the move wrote it.
  const { fence: _, ...moved } = JSON.parse(bytes.toString()) as Pointer;
  const { fence: __, ...recorded } = last;
  if (JSON.stringify(moved) !== JSON.stringify(recorded)) throw new Error('the last record is not what the pointer is');
}

/** Throws Error for what may never be, however the runs before ended: a gap in the history, strange files of the model. */
export async function finalState(folder: string): Promise<FinalState> {
  const store = join(folder, 'store', 'digits');
  const bytes = readFileSync(join(store, 'current.json'));
  const pointer: Pointer = JSON.parse(bytes.toString());
  checkHistory(store, pointer, bytes);
  const strange = names(store).filter(
    (name) => !['baselines', 'current.json', 'history', 'leases', 'versions'].includes(name),
  );
  if (strange.length > 0) throw new Error(`the store has ${strange} beside the model's own files`);
  const functions = join(folder, '.coldgate', 'local', 'local');
  // A removal that was killed may leave an empty folder, which a store of objects knows nothing of.
  const files = (version: string): string[] =>
    readdirSync(join(store, 'versions', version), { recursive: true, encoding: 'utf8' }).sort();
  return {
    version: pointer.version,
    kind: pointer.kind,
    sequence: pointer.sequence,
    versions: Object.fromEntries(
      names(join(store, 'versions'))
        .map((version) => [version, files(version)] as const)
        .filter(([, list]) => list.length > 0),
    ),
    records: names(join(store, 'baselines')).flatMap((target) => names(join(store, 'baselines', target))),
    leases: filesIn(join(store, 'leases')).map((path) => dirname(path)),
    processes: processesOf(folder),
    serves: await servedBy(functions),
    queue: queueIn(functions),
    functions: names(functions),
  };
}
