import { createApp } from './app.ts';
import type { WriteLine } from './log-line.ts';
import { type Served, serve } from './node.ts';
import { openReader } from './open-reader.ts';
import type { OpenSession } from './session.ts';
import { readSettings, SettingsError, type Variables } from './settings.ts';
import type { Replacement } from './stuck-threads.ts';

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
}

/**
 * Reads port and host from flags or PORT and HOST, and serves. Writes one `listening` line once it does.
 * Throws SettingsError naming every variable that is wrong.
 */
export async function startNode(options: NodeProcess): Promise<Served> {
  const { argv, variables, write, writeAtOnce, ...rest } = options;
  const values = readFlags(argv);
  const port = readPort(values.port ?? (variables['PORT'] || '8080'));
  const host = values.host ?? (variables['HOST'] || '127.0.0.1');
  const settings = readSettings(variables);
  const reader = await openReader(settings.source, variables);
  const app = createApp({ settings, reader, write, later: setImmediate, isolate: true, ...rest });
  const served = await serve({ app, port, host, hosts: settings.hosts });
  const said = { event: 'listening', host, port: served.port, instance_id: app.instanceId, pid: process.pid };
  writeAtOnce(JSON.stringify(said));
  // Requests are taken from now on, and wait for a load that has begun already.
  void app.warm();
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

/** One line that says why the process could not start. */
export function startFailure(error: unknown): string {
  const problems = error instanceof SettingsError ? error.problems : [(error as Error).message];
  return JSON.stringify({ level: 'error', time: new Date().toISOString(), event: 'start-failed', problems });
}
