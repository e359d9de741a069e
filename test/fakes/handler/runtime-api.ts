import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Waiting {
  event: unknown;
  settle: (outcome: { ok: unknown } | { error: unknown }) => void;
}

export interface RuntimeApi {
  /** For AWS_LAMBDA_RUNTIME_API. */
  address: string;
  /** Rejects with what the function reports as its error. */
  invoke(event: unknown): Promise<unknown>;
  close(): Promise<void>;
}

const base = '/2018-06-01/runtime';
const integrationType = 'application/vnd.awslambda.http-integration-response';
const delimiter = Buffer.alloc(8);

/** What a function streams to its URL: status and headers as JSON, eight zeros, and the body. */
export class StreamedReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;

  constructor(bytes: Buffer) {
    const end = bytes.indexOf(delimiter);
    if (end < 0) throw new Error(`no head in what was streamed: ${bytes.subarray(0, 200)}`);
    const head = JSON.parse(bytes.subarray(0, end).toString('utf8')) as {
      statusCode: number;
      headers: Record<string, string>;
    };
    this.status = head.statusCode;
    this.headers = head.headers;
    this.body = bytes.subarray(end + delimiter.byteLength);
  }
}

/** Lambda's Runtime API for one function: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export async function openRuntimeApi(): Promise<RuntimeApi> {
  const queue: Waiting[] = [];
  const running = new Map<string, Waiting>();
  let next: ServerResponse | undefined;
  let count = 0;
  const give = (): void => {
    if (!next || queue.length === 0) return;
    const waiting = queue.shift()!;
    const id = `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;
    running.set(id, waiting);
    next.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + 60_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:000000000000:function:coldgate',
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    });
    next.end(JSON.stringify(waiting.event));
    next = undefined;
  };
  const server = createServer(async (request, response) => {
    const url = request.url ?? '';
    if (url === `${base}/invocation/next`) {
      next = response;
      give();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const [, id = '', what] = /\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    const failure = request.trailers['lambda-runtime-function-error-body'];
    const isStreamed = request.headers['content-type'] === integrationType;
    const document: unknown = isStreamed
      ? new StreamedReply(bytes)
      : bytes.byteLength === 0
        ? undefined
        : JSON.parse(bytes.toString('utf8'));
    if (typeof failure === 'string') {
      running.get(id)?.settle({ error: JSON.parse(Buffer.from(failure, 'base64').toString('utf8')) });
    } else running.get(id)?.settle(what === 'response' ? { ok: document } : { error: document });
    if (url === `${base}/init/error`) for (const one of queue.splice(0)) one.settle({ error: document });
    response.writeHead(202).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        queue.push({ event, settle: (o) => ('ok' in o ? resolve(o.ok) : reject(o.error)) });
        give();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
