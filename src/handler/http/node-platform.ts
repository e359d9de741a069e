import type { IncomingHttpHeaders } from 'node:http';
import type { OpenDesk } from '../queue/desk.ts';
import type { Variables } from '../settings.ts';
import type { App } from './app.ts';
import type { LogForm } from './log-form.ts';
import type { WriteLine } from './log-line.ts';

/** How a platform that runs the function as a plain HTTP server differs from a machine or a container of one's own. */
export interface NodePlatform {
  /** Address to listen on where HOST names none. */
  host: string;
  logForm: LogForm;
  /** The model is loaded before the port is open, for this long at most, ms. */
  loadFirstMs: number;
  /** A `traceparent` made of the platform's own headers, for requests that come without one. */
  traceparent(headers: IncomingHttpHeaders): string | null;
  /**
   * The process may be stopped as soon as no request is in flight: every line is written before its response is sent,
   * and a process that cannot continue ends, so that the platform starts another one.
   */
  freezesIdle: boolean;
  /** Events of uploads come as requests, where COLDGATE_BATCH_BUCKET names their bucket. */
  takesUploads: boolean;
}

/** The application with what a platform sends it besides requests, such as events of uploads. */
export type Extend = (app: App, options: ExtendOptions) => App;

export interface ExtendOptions {
  variables: Variables;
  write: WriteLine;
  form: LogForm;
  /** Largest body, bytes. */
  limit: number;
  /** The queue in front of the function, where it has one. */
  desk: OpenDesk | undefined;
}
