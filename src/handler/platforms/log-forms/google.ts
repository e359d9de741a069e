import type { LogForm } from '../../http/log-form.ts';
import type { Variables } from '../../settings.ts';

/** The project that traces are in, where a variable names it: Google's runtimes do, Cloud Run does not by itself. */
export const googleProject = (variables: Variables): string | undefined =>
  variables['GOOGLE_CLOUD_PROJECT'] || variables['GCLOUD_PROJECT'] || undefined;

const severities: Record<string, string> = { info: 'INFO', warn: 'WARNING', error: 'ERROR' };

/**
 * The fields that Cloud Logging knows by name, so that lines have a severity and stand under their request's trace.
 * `project` makes the trace a link. https://cloud.google.com/logging/docs/structured-logging
 */
export const googleForm =
  (project: string | undefined): LogForm =>
  (record) => {
    const { level, ...rest } = record;
    const { event, route, status, method, handler_ms: ms, traceparent } = record;
    const [, trace, span, flags] = typeof traceparent === 'string' ? traceparent.split('-') : [];
    const isRequest = event === 'request';
    return {
      severity: severities[String(level ?? 'info')] ?? 'DEFAULT',
      message: isRequest ? `${route} ${status}` : String(event),
      ...rest,
      ...(isRequest && {
        // The route, not the URL: what callers wrote there is not for the log.
        httpRequest: {
          requestMethod: method,
          requestUrl: route,
          status,
          // A protobuf duration, which has nine digits behind the point at most.
          latency: `${(Number(ms) / 1000).toFixed(6)}s`,
        },
      }),
      ...(trace && {
        'logging.googleapis.com/trace': project ? `projects/${project}/traces/${trace}` : trace,
        'logging.googleapis.com/spanId': span,
        'logging.googleapis.com/trace_sampled': (Number.parseInt(flags ?? '0', 16) & 1) === 1,
      }),
    };
  };
