import { InvokeCommand, type InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { type Answer, type CallOptions, CallTimeout } from '../../rollout/proof/http.ts';
import type { LambdaContext } from './context.ts';
import { toRefusal } from './refusal.ts';

export interface Invoked {
  output: InvokeCommandOutput;
  /** What the function returned, or its error. */
  payload: unknown;
}

/** Calls the function with the event of a function URL. Throws CallTimeout, and ColdgateError where Lambda refuses. */
export async function invoke(
  context: LambdaContext,
  { name, qualifier }: { name: string; qualifier: string },
  path: string,
  { timeoutMs, signal, json }: CallOptions,
): Promise<Invoked> {
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  const stop = AbortSignal.any([late, context.signal, ...(signal ? [signal] : [])]);
  try {
    const output = await context.calls.once(
      new InvokeCommand({
        FunctionName: name,
        Qualifier: qualifier,
        LogType: 'Tail',
        Payload: Buffer.from(JSON.stringify(eventOf(path, json))),
      }),
      stop,
    );
    return { output, payload: JSON.parse(Buffer.from(output.Payload ?? []).toString('utf8') || 'null') };
  } catch (error) {
    context.signal.throwIfAborted();
    signal?.throwIfAborted();
    if (late.aborted) throw new CallTimeout(`no answer within ${Math.round(timeoutMs)} ms`);
    throw toRefusal(error);
  }
}

/** An event of payload 2.0. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
function eventOf(path: string, json: unknown): object {
  const [rawPath, rawQueryString = ''] = path.split('?');
  const method = json === undefined ? 'GET' : 'POST';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { accept: 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }) },
    requestContext: { stage: '$default', http: { method, path: rawPath } },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    isBase64Encoded: false,
  };
}

interface FunctionReply {
  statusCode?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** The reply of payload 2.0 as an answer. Throws Error with the function's own error where it failed. */
export function answerOf({ output, payload }: Invoked): Answer {
  if (output.FunctionError) throw new Error(functionError(payload));
  const { statusCode = 0, headers = {}, body = '' } = (payload ?? {}) as FunctionReply;
  return { status: statusCode, headers, body: parsed(body) };
}

function functionError(payload: unknown): string {
  const { errorType = 'an error', errorMessage = '' } = (payload ?? {}) as Record<string, string>;
  return `the function failed with ${errorType}: ${errorMessage}`.slice(0, 500);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
