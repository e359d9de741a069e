import { type App, createApp } from './app.ts';
import type { LogForm } from './log-form.ts';
import type { WriteLine } from './log-line.ts';
import { startFailure } from './node-main.ts';
import { openReader } from './open-reader.ts';
import type { OpenSession } from './session.ts';
import { readSettings, type Settings, type Variables } from './settings.ts';

export interface PlatformProcess {
  variables: Variables;
  /** Process start to here, ms. */
  initMs: number;
  write: WriteLine;
  logForm?: LogForm;
  openNext: OpenSession;
}

/**
 * The application inside a platform's own process. Loads no model itself: Lambda cuts initialisation short after 10 s and
 * does it again. Writes a `start-failed` line and throws SettingsError where variables are wrong.
 */
export async function openApp(process: PlatformProcess): Promise<{ app: App; settings: Settings }> {
  const { variables, write } = process;
  try {
    const settings = readSettings(variables);
    return { app: createApp({ ...process, settings, reader: await openReader(settings.source, variables) }), settings };
  } catch (error) {
    write(startFailure(error));
    throw error;
  }
}
