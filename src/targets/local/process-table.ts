import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { markVariable, type ProcessId, type ProcessMark, parseMark } from './process-mark.ts';

/** A running process that Coldgate started. */
export interface MarkedProcess extends ProcessId {
  mark: ProcessMark;
}

/** Processes as the system lists them; one reader per operating system. */
export interface ProcessTable {
  /** Every running process with a readable mark. Those of other users cannot be read, and must not be stopped. */
  marked(): MarkedProcess[];
  /** The identity of a running process; undefined when there is none, or only its unreaped remains. */
  identify(pid: number): ProcessId | undefined;
}

export const systemProcesses: ProcessTable = process.platform === 'linux' ? fromProc('/proc') : fromPs();

/** Linux: /proc/<pid>/environ is what the process was started with, readable by its own user only. proc(5). */
export function fromProc(root: string): ProcessTable {
  const identify = (pid: number): ProcessId | undefined => {
    const stat = readOrNothing(`${root}/${pid}/stat`);
    // The second field is the command in brackets and may hold anything; state is field 3, threads 20, start time 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, threads, started] = [fields[0], Number(fields[17]), fields[19]];
    // Its first thread may be a zombie while others are still holding its files and its port.
    const isGone = state === 'X' || (state === 'Z' && threads <= 1);
    return started && !isGone ? { pid, started } : undefined;
  };
  return {
    identify,
    marked: () =>
      readdirSync(root).flatMap((name) => {
        if (!/^\d+$/.test(name)) return [];
        const entry = readOrNothing(`${root}/${name}/environ`)
          .split('\0')
          .find((variable) => variable.startsWith(`${markVariable}=`));
        const mark = entry && parseMark(entry.slice(markVariable.length + 1));
        const id = mark ? identify(Number(name)) : undefined;
        return mark && id ? [{ ...id, mark }] : [];
      }),
  };
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** macOS: `ps -E` shows the environment of the user's own processes behind the command. */
function fromPs(): ProcessTable {
  const ps = (...args: string[]): string =>
    spawnSync('ps', args, {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
      maxBuffer: 1 << 26,
    }).stdout ?? '';
  return {
    marked: () => parsePs(ps('-x', '-E', '-ww', '-o', 'pid=,stat=,lstart=,command=')),
    identify: (pid) => parsePsLine(ps('-o', 'pid=,stat=,lstart=,command=', '-p', String(pid)).trim()),
  };
}

/** ` 4711 S    Mon Nov 24 05:08:35 2025 node …/node.cjs --port 0 PATH=… COLDGATE_PROCESS=…` */
const psLine = /^\s*(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s/;

function parsePsLine(line: string): ProcessId | undefined {
  const [, pid, state, began] = psLine.exec(`${line} `) ?? [];
  if (!pid || !began || state?.startsWith('Z')) return undefined;
  return { pid: Number(pid), started: String(Date.parse(`${began} UTC`) / 1000) };
}

export function parsePs(text: string): MarkedProcess[] {
  return text.split('\n').flatMap((line) => {
    const value = new RegExp(`\\s${markVariable}=(\\S+)`).exec(line)?.[1];
    const mark = value ? parseMark(value) : undefined;
    const id = mark ? parsePsLine(line) : undefined;
    return mark && id ? [{ ...id, mark }] : [];
  });
}

/** Whether that very process still runs. */
export const isRunning = (table: ProcessTable, id: ProcessId): boolean =>
  table.identify(id.pid)?.started === id.started;

/** This process. */
export function ownProcess(table: ProcessTable): ProcessId {
  return table.identify(process.pid) ?? { pid: process.pid, started: '0' };
}
