import { ColdgateError, type ErrorOptions, UnprovenError } from '../../errors.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { pause } from '../../pause.ts';
import type { RunContext } from './context.ts';

interface LogEntry {
  timestamp?: string;
  textPayload?: string;
  jsonPayload?: Record<string, unknown>;
  labels?: Record<string, string>;
}

/** Lines of a log that are shown. */
const shownLines = 8;
/** Entries come some seconds late: how often they are looked for, and how long is waited between, ms. */
const looks = 3;
const betweenMs = 1000;

/** Entries of a revision, oldest first; nothing where they may not or cannot be read. Never throws but at the end of the run. */
async function readLog(context: RunContext, revision: string, more: string, size: number): Promise<LogEntry[]> {
  if (context.withoutLogs) return [];
  const { project } = context.settings;
  const filter = [
    'resource.type="cloud_run_revision"',
    `resource.labels.revision_name="${revision}"`,
    ...(more ? [more] : []),
  ].join(' ');
  const url = `${context.api('logging')}/v2/entries:list`;
  const json = { resourceNames: [`projects/${project}`], filter, orderBy: 'timestamp desc', pageSize: size };
  try {
    const { entries = [] } = await context.calls.once<{ entries?: LogEntry[] }>({
      method: 'POST',
      url,
      json,
      reading: true,
    });
    return entries.reverse();
  } catch (error) {
    context.signal.throwIfAborted();
    const { status, message } = error as GoogleFailure;
    if (error instanceof GoogleFailure && (status === 403 || status === 401)) context.withoutLogs = true;
    context.log.debug(`The log of ${revision} cannot be read: ${message}`);
    return [];
  }
}

/** The error with the end of the revision's log, or with the command that shows it. */
export async function withLog(context: RunContext, revision: string, error: Error): Promise<Error> {
  if (!(error instanceof ColdgateError)) return error;
  let entries: LogEntry[] = [];
  for (let look = 1; entries.length === 0 && look <= looks && !context.withoutLogs; look++) {
    if (look > 1) await pause(betweenMs, context.signal);
    entries = await readLog(context, revision, '', shownLines);
  }
  const { project } = context.settings;
  const command = `gcloud logging read 'resource.labels.revision_name="${revision}"' --project=${project}`;
  const lines = entries.map(lineOf).filter((line) => line !== '');
  const { message, hint, data } = error;
  if (lines.length === 0) {
    return likeIt(error, message, { hint: [hint, `Its log: ${command}`].join(' ').trim(), cause: error, data });
  }
  const text = [message, `The end of the log of ${revision}:`, ...lines.map((line) => `  ${line}`)].join('\n');
  return likeIt(error, text, { hint, cause: error, data: { ...data, log: lines } });
}

/** An error of the same kind: its class shows whether a revision failed its readiness proof. */
const likeIt = (error: ColdgateError, message: string, options: ErrorOptions): ColdgateError =>
  error instanceof UnprovenError
    ? new UnprovenError(error.code, message, options)
    : new ColdgateError(error.code, error.exit, message, options);

function lineOf({ textPayload, jsonPayload }: LogEntry): string {
  if (textPayload !== undefined) return textPayload.trim().slice(0, 300);
  if (jsonPayload === undefined) return '';
  const { message, ...rest } = jsonPayload;
  const known = ['error', 'code', 'reason'].flatMap((name) => (rest[name] ? [`${name}=${String(rest[name])}`] : []));
  return [String(message ?? ''), ...known].join(' ').trim().slice(0, 300);
}

/** What Cloud Run itself logs about a start. */
export interface StartLines {
  /** Why an instance was started: `AUTOSCALING` for a request. */
  reason: string | undefined;
  /** From the start of the instance until its port was open, ms. */
  startMs: number | undefined;
}

/**
 * The system's lines on the start of a revision that is measured, where they are there already.
 * @param last whether that is the last one, not the first
 */
export async function readStart(context: RunContext, revision: string, last: boolean): Promise<StartLines | undefined> {
  const entries = await readLog(context, revision, 'logName:"varlog%2Fsystem"', 20);
  const starts = entries.filter(({ textPayload = '' }) => /^Starting new instance\. Reason:/.test(textPayload));
  const began = starts.at(last ? -1 : 0);
  if (!began) return undefined;
  const probed = entries
    .slice(entries.indexOf(began))
    .find(({ textPayload = '' }) => /STARTUP TCP probe succeeded/i.test(textPayload));
  const ms = probed && Date.parse(probed.timestamp ?? '') - Date.parse(began.timestamp ?? '');
  return {
    reason: /Reason: (\w+)/.exec(began.textPayload ?? '')?.[1],
    startMs: ms !== undefined && ms >= 0 ? ms : undefined,
  };
}
