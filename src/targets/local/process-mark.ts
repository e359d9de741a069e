/** A process, distinguished from a later one with the same number by its start time. */
export interface ProcessId {
  pid: number;
  /** Opaque: clock ticks since boot on Linux, seconds since 1970 on macOS. */
  started: string;
}

export type ProcessRole = 'candidate' | 'live' | 'sample';

/** Environment variables of every process that we start. They prove that a process may be stopped. */
export interface ProcessMark {
  /** Tag of the function's place. */
  tag: string;
  role: ProcessRole;
  revision: string;
  /** The run of Coldgate that started it. */
  owner: ProcessId;
}

/** The variable's name. The value has no spaces, since `ps` prints environments without quotes. */
export const markVariable = 'COLDGATE_PROCESS';

const pattern = /^([0-9a-f]{16}):(candidate|live|sample):([A-Za-z0-9._-]{1,80}):(\d{1,10})-(\d{1,20})$/;

export const formatMark = ({ tag, role, revision, owner }: ProcessMark): string =>
  `${tag}:${role}:${revision}:${owner.pid}-${owner.started}`;

export function parseMark(text: string): ProcessMark | undefined {
  const [, tag, role, revision, pid, started] = pattern.exec(text) ?? [];
  if (!tag || !role || !revision || !pid || !started) return undefined;
  return { tag, role: role as ProcessRole, revision, owner: { pid: Number(pid), started } };
}
