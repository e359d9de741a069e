import type { App } from '../../http/app.ts';
import type { AppRequest } from '../../http/app-request.ts';
import type { MessageRecord, UploadRecord } from './event.ts';
import { readEvent } from './event.ts';
import { toAppRequest, toHttpReply } from './http.ts';

export interface LambdaContext {
  awsRequestId?: string;
  getRemainingTimeInMillis?: () => number;
}

/** At most two parameters: newer runtimes refuse handlers that declare a callback. */
export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

export interface LambdaDeps {
  app: App;
  /** The X-Ray header of the invocation that runs now. */
  xray: () => string | undefined;
  /** Handles an S3 upload event. */
  upload: (records: readonly UploadRecord[]) => Promise<unknown>;
  /** Handles messages of the function's queue. */
  messages: (records: readonly MessageRecord[], context: LambdaContext) => Promise<unknown>;
}

/** An event that no part of the function answers; the invocation fails under this name. */
export class UnknownEventError extends Error {
  constructor(shape: string) {
    const known =
      'a request of a function URL, API Gateway or a load balancer, {"inputs": …}, {"warm": true}, a scheduled event, an S3 upload, messages of its queue';
    super(`Expected ${known}; got ${shape}.`);
    this.name = 'UnknownEventError';
  }
}

/** Translates Lambda's events. The model is loaded by the first event that needs it, never at init. */
export function createLambda({ app, xray, upload, messages }: LambdaDeps): LambdaHandler {
  return async (event, context) => {
    const read = readEvent(event);
    switch (read.kind) {
      case 'http': {
        const request = toAppRequest(read.event, context.awsRequestId, xray());
        return toHttpReply(await app.handle(request), request.method);
      }
      // Read when they are first needed: other starts do not pay for them.
      case 'proxy':
        return (await import('./proxy.ts')).answerProxy(app, read.event, context.awsRequestId, xray());
      case 'direct':
        return (await import('./direct.ts')).answerDirect(app, read.body, context.awsRequestId, xray());
      case 'warm': {
        const { body } = await app.handle(warmRequest(context.awsRequestId, xray()));
        return JSON.parse(String(body)) as unknown;
      }
      case 'upload':
        return upload(read.records);
      case 'messages':
        return messages(read.records, context);
      case 'trial':
        return { status: 'ignored', event: 's3:TestEvent' };
      case 'unknown':
        throw new UnknownEventError(read.shape);
    }
  };
}

const warmRequest = (requestId: string | undefined, xray: string | undefined): AppRequest => ({
  method: 'GET',
  url: '/v1/health?warm=true',
  headers: { get: (name) => (name === 'x-amzn-trace-id' && xray ? xray : null) },
  read: async () => new Uint8Array(),
  requestId,
});
