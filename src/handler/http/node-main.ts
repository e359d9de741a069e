import { loadAhead } from '../model/load-ahead.ts';
import { type OpenQueue, openDeskOnce } from '../queue/open-desk.ts';
import { openReader } from '../readers/open-reader.ts';
import type { OpenSession } from '../session/session.ts';
import type { Replacement } from '../session/stuck-threads.ts';
import { readSettings, SettingsError, type Variables } from '../settings.ts';
import { createApp } from './app.ts';
import { type LogForm, plainForm } from './log-form.ts';
import type { WriteLine } from './log-line.ts';
import { type Served, serve } from './node.ts';
import type { Extend, NodePlatform } from './node-platform.ts';

export interface NodeProcess {
  argv: readonly string[];
  variables: Variables;
  /** Process start to here, ms. */
  initMs: number;
  write: WriteLine;
  /** Puts a line out before this returns: the load that follows leaves no other time for it. */
  writeAtOnce: WriteLine;
  openNext: OpenSession;
  replacement?: Replacement;
  onPrediction?: (() => void) | undefined;
  platform?: NodePlatform | undefined;
  extend?: Extend | undefined;
  /** Opens the queue that COLDGATE_QUEUE names. */
  openQueue?: OpenQueue | undefined;
}

/**
 * Reads port and host from flags or PORT and HOST, and serves. Writes one `listening` line once it does. The model is
 * loaded meanwhile, or before where the platform requires it. Throws SettingsError naming every invalid variable.
 */
export async function startNode(options: NodeProcess): Promise<Served> {
  const { argv, variables, writeAtOnce, platform, extend, openQueue, ...rest } = options;
  const values = readFlags(argv);
  const port = readPort(values.port ?? (variables['PORT'] || '8080'));
  const host = values.host ?? (variables['HOST'] || platform?.host || '127.0.0.1');
  const settings = readSettings(variables);
  const reader = await openReader(settings.source, variables);
  const { logForm = plainForm, traceparent, loadFirstMs = 0, freezesIdle } = platform ?? {};
  const log = freezesIdle ? { write: writeAtOnce } : { later: setImmediate };
  const desk = openDeskOnce(settings, variables, openQueue);
  const plain = createApp({ settings, reader, isolate: true, ...rest, desk, logForm, ...log });
  const batch = { variables, write: writeAtOnce, form: logForm, limit: settings.maxPayloadBytes, desk };
  const app = extend?.(plain, batch) ?? plain;
  if (loadFirstMs > 0) await loadAhead(app, loadFirstMs);
  const served = await serve({ app, port, host, hosts: settings.hosts, traceparent });
  const entry = { event: 'listening', host, port: served.port, instance_id: app.instanceId, pid: process.pid };
  writeAtOnce(JSON.stringify(logForm(entry)));
  // Requests are taken from now on, and wait for a load that has begun already.
  if (loadFirstMs === 0) void app.warm();
  return served;
}

/** By hand: Node's own reading of arguments takes a millisecond of a start. Throws SettingsError. */
function readFlags(argv: readonly string[]): { port?: string; host?: string } {
  const values: { port?: string; host?: string } = {};
  for (let at = 0; at < argv.length; at++) {
    const [flag = '', ...given] = (argv[at] as string).split('=');
    const name = flag.slice(2);
    const value = given.length > 0 ? given.join('=') : argv[++at];
    if (!flag.startsWith('--') || (name !== 'port' && name !== 'host') || value === undefined) {
      throw new SettingsError(['Arguments: expected --port N and --host ADDRESS, nothing else.']);
    }
    values[name] = value;
  }
  return values;
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new SettingsError([`PORT: expected a port number from 0 to 65535, got ${JSON.stringify(text.slice(0, 80))}.`]);
}

/** One line with the reason why the process could not start. */
export function startFailure(error: unknown, form: LogForm = plainForm): string {
  const problems = error instanceof SettingsError ? error.problems : [(error as Error).message];
  return JSON.stringify(form({ level: 'error', time: new Date().toISOString(), event: 'start-failed', problems }));
}
