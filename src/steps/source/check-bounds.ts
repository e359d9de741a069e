import { totalmem } from 'node:os';
import { InputError, type Problem } from '../../errors.ts';
import { isUntrustedRun } from '../untrusted-run.ts';
import type { Context } from '../verb.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** How much time and memory a process that works on a model may take. */
export interface CheckBounds {
  timeoutMs: number;
  memoryBytes: number;
  /** What to set for more; for messages. */
  advice: string;
}

/** Seconds: models of gigabytes take minutes on small runners; an untrusted one gets a minute. */
const usualSeconds = { trusted: 300, untrusted: 60 };
/** Shares of the machine's memory: what is left over is for the system, this process and the stores' buffers. */
const usualShare = { trusted: 0.8, untrusted: 0.5 };
const mebibyte = 1024 * 1024;

/**
 * The bounds of this run: `COLDGATE_CHECK_SECONDS` and `COLDGATE_CHECK_MEMORY_MB` of the environment, which no pull request
 * can change, else the defaults. Throws InputError for values that are no whole numbers of at least 1.
 */
export function checkBounds(context: Pick<Context, 'env' | 'cwd'>): CheckBounds {
  const { env } = context;
  const kind = isUntrustedRun(context) ? 'untrusted' : 'trusted';
  const problems: Problem[] = [];
  const seconds = wholeNumber(env, 'COLDGATE_CHECK_SECONDS', problems) ?? usualSeconds[kind];
  const mebibytes = wholeNumber(env, 'COLDGATE_CHECK_MEMORY_MB', problems);
  if (problems.length > 0) throw new InputError(problems);
  const untrusted = kind === 'untrusted' ? ', which are lower for the pull request of someone without access' : '';
  return {
    timeoutMs: seconds * 1000,
    memoryBytes: mebibytes === undefined ? machineMemory() * usualShare[kind] : mebibytes * mebibyte,
    advice: `If the model needs that much, set COLDGATE_CHECK_SECONDS or COLDGATE_CHECK_MEMORY_MB above the bounds of this run${untrusted}.`,
  };
}

/** Of the container where there is one; without a limit the number is 0 or beyond any machine's. */
function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

function wholeNumber(env: Env, name: string, problems: Problem[]): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  problems.push({
    path: name,
    message: 'expected a whole number from 1 to 9999999.',
    hint: `Unset it for the default.`,
  });
  return undefined;
}
