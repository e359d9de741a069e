import type { App } from '../../http/app.ts';
import type { AppRequest, AppResponse } from '../../http/app-request.ts';
import type { WriteLine } from '../../http/log-line.ts';
import type { Variables } from '../../settings.ts';
import { withEventRoute } from '../event-route.ts';

/** Where events of uploads come to: src/iam prints it for the trigger of each cloud. */
const uploadPath = '/coldgate/uploads';

export interface UploadOptions {
  variables: Variables;
  write: WriteLine;
  /** Largest line, bytes. */
  limit: number;
}

/** The application with a route for events of uploads beside its own. */
export const withUploadRoute = (app: App, answer: (request: AppRequest) => Promise<AppResponse>): App =>
  withEventRoute(app, { path: uploadPath, code: 'batch-unavailable', answer });
