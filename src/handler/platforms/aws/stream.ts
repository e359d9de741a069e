import type { Writable } from 'node:stream';
import { readEvent } from './event.ts';
import { streamedAnswers, toAppRequest } from './http.ts';
import { createLambda, type LambdaContext, type LambdaDeps } from './lambda.ts';

type ResponseStream = Writable & { setContentType(type: string): void };
type StreamHandler = (event: unknown, stream: ResponseStream, context: LambdaContext) => Promise<void>;

/** What Lambda's runtime for Node offers functions that stream, as the global `awslambda`. */
export interface StreamRuntime {
  streamifyResponse(handler: StreamHandler): unknown;
  HttpResponseStream: {
    from(stream: ResponseStream, head: { statusCode: number; headers: Record<string, string> }): ResponseStream;
  };
}

/**
 * The handler of a function whose URL has the invoke mode RESPONSE_STREAM: what the URL passes on is answered with status
 * and headers first, then the body as it is. Everything else, such as the calls of a pipeline, is answered as without.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 */
export function createStreaming(deps: LambdaDeps, { streamifyResponse, HttpResponseStream }: StreamRuntime): unknown {
  const buffered = createLambda(deps);
  return streamifyResponse(async (event, stream, context) => {
    const read = readEvent(event);
    // Only what came over a URL has its host's name.
    if (read.kind !== 'http' || read.event.requestContext.domainName === undefined) {
      const result = JSON.stringify((await buffered(event, context)) ?? null);
      stream.setContentType('application/json');
      return send(stream, result);
    }
    const request = toAppRequest(read.event, context.awsRequestId, deps.xray(), streamedAnswers);
    const { status, headers, body } = await deps.app.handle(request);
    const answer = HttpResponseStream.from(stream, { statusCode: status, headers });
    // The head goes out with the first write, also where there is no body.
    return send(answer, request.method === 'HEAD' || status === 204 ? '' : body);
  });
}

/** Returns when all of it is with the runtime, which the platform may freeze then. */
function send(stream: ResponseStream, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject).on('finish', resolve);
    stream.write(content);
    stream.end();
  });
}
