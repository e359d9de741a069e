import type { Instance } from '../instance.ts';
import { roundMs, roundTimings } from '../timings.ts';
import type { Call } from './call.ts';
import type { LogForm } from './log-form.ts';
import type { Level, Note } from './note.ts';

/** Takes one line without its end, and its level for logs that keep it apart. */
export type WriteLine = (line: string, level?: Level) => void;

/** Where lines go, and the form in which the platform wants them. */
export interface Log {
  write: WriteLine;
  form: LogForm;
}

/** How a call ended, and how long it took, ms. */
interface Answered {
  status: number;
  ms: number;
}

/** Others are not for the log: some platforms pass on whatever a caller wrote there. */
const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'];

/**
 * The one line of an invocation. JSON text escapes every line break and control character, and headers are only taken in
 * their own form, so no caller can write a second line or a false field.
 */
export function logCall({ write, form }: Log, instance: Instance, call: Call, answered: Answered): void {
  const { status, ms } = answered;
  const level: Level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
  const { model } = call;
  write(
    JSON.stringify(
      form({
        level,
        time: new Date().toISOString(),
        event: 'request',
        request_id: call.requestId,
        method: methods.includes(call.request.method) ? call.request.method : undefined,
        route: call.route,
        status,
        code: call.code,
        detail: call.detail,
        handler_ms: roundMs(ms),
        cold_start: call.cold,
        instance_id: instance.id,
        revision: instance.revision,
        model: model?.name,
        version: model?.version,
        sha256: model?.sha256,
        artifact: model?.loaded.artifact?.kind,
        ...(call.cold && instance.facts),
        timings: call.cold && model ? roundTimings({ init_ms: instance.initMs, ...model.timings }) : undefined,
        inputs: call.inputs.length > 0 ? call.inputs : undefined,
        items: call.items,
        traceparent: call.traceparent,
        xray: call.amazonTrace,
      }),
    ),
    level,
  );
}

/** Lines about what is not a request carry the instance too. */
export function noteTo({ write, form }: Log, instance: Instance): Note {
  return (level, event, facts) =>
    write(
      JSON.stringify(form({ level, time: new Date().toISOString(), event, instance_id: instance.id, ...facts })),
      level,
    );
}
