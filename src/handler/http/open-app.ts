import type { OpenDesk } from '../queue/desk.ts';
import { type OpenQueue, openDeskOnce } from '../queue/open-desk.ts';
import { openReader } from '../readers/open-reader.ts';
import type { OpenSession } from '../session/session.ts';
import { readSettings, type Settings, type Variables } from '../settings.ts';
import { type App, createApp } from './app.ts';
import type { LogForm } from './log-form.ts';
import type { WriteLine } from './log-line.ts';
import { startFailure } from './node-main.ts';

export interface PlatformProcess {
  variables: Variables;
  /** Process start to here, ms. */
  initMs: number;
  write: WriteLine;
  logForm?: LogForm;
  openNext: OpenSession;
  /** Whether requests may come while another one runs. */
  isolate: boolean;
  /** What health says of this process besides. */
  facts?: Record<string, unknown>;
  /** Opens the platform's queue, where COLDGATE_QUEUE names one. */
  openQueue?: OpenQueue;
  /** With a variable of the platform's own. */
  problem?: string | undefined;
}

/** What an entry goes on with. */
export interface Opened {
  app: App;
  settings: Settings;
  /** Undefined where the function has no queue. */
  desk: OpenDesk | undefined;
}

/** The platform starts another one. Node's own way of ending waits for all threads. */
const endAtOnce = (): void => void process.kill(process.pid, 'SIGKILL');

/**
 * The application inside a platform's own process. Loads no model itself: Lambda cuts initialisation short after 10 s and
 * does it again. Writes a `start-failed` line and throws SettingsError where variables are wrong.
 */
export async function openApp(platform: PlatformProcess): Promise<Opened> {
  const { variables, write, problem, openQueue } = platform;
  try {
    const settings = readSettings(variables, problem);
    const reader = await openReader(settings.source, variables);
    const desk = openDeskOnce(settings, variables, openQueue);
    const replacement = { replace: endAtOnce, whenQuiet: false };
    return { app: createApp({ ...platform, settings, reader, desk, replacement }), settings, desk };
  } catch (error) {
    write(startFailure(error));
    throw error;
  }
}
