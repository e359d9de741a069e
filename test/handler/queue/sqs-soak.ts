import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Message {
  id: string;
  body: string;
  count: number;
}

/** SQS as far as this needs it: what is sent, what is taken and comes back, how often, and where it ends. */
export class SqsStandIn {
  readonly ready: Message[] = [];
  readonly dead: Message[] = [];
  readonly attempts: number;
  redelivered = 0;
  #sent = 0;
  readonly #server: Server;

  constructor(attempts: number) {
    this.attempts = attempts;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { MessageBody } = JSON.parse(Buffer.concat(chunks).toString()) as { MessageBody: string };
      const signed = /\/eu-west-1\/sqs\/aws4_request,.*Signature=[0-9a-f]{64}$/.test(
        request.headers.authorization ?? '',
      );
      const fits = request.headers['x-amz-target'] === 'AmazonSQS.SendMessage' && MessageBody.length <= 1024 * 1024;
      if (!signed || !fits)
        return void response.writeHead(400).end('{"__type":"com.amazonaws.sqs#InvalidMessageContents"}');
      this.ready.push({ id: `m-${++this.#sent}`, body: MessageBody, count: 0 });
      // One in ten is delivered twice, as a standard queue may.
      if (this.#sent % 10 === 0) this.ready.push({ id: `m-${this.#sent}-again`, body: MessageBody, count: 0 });
      response.writeHead(200).end(JSON.stringify({ MessageId: `m-${this.#sent}` }));
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  take(): Message | undefined {
    const found = this.ready.shift();
    if (found && ++found.count > 1) this.redelivered++;
    return found;
  }

  /** Visible again, or dead. */
  back(message: Message): void {
    (message.count >= this.attempts ? this.dead : this.ready).push(message);
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

const host = (bundle: string): string => `
const { handler } = await import(${JSON.stringify(pathToFileURL(join(bundle, 'lambda.mjs')).href)});
const context = { awsRequestId: 'r-1', getRemainingTimeInMillis: () => 30_000 };
process.on('message', async (event) => {
  try {
    process.send({ answer: await handler(event, context) });
  } catch (error) {
    process.send({ error: error.name });
  }
});
process.send({});`;

/** An environment of Lambda: the bundled entry, one event at a time. */
export class Sandbox {
  readonly ended: Promise<NodeJS.Signals | null>;
  /** By the test, and not by itself. */
  isStopped = false;
  readonly #child: ChildProcess;
  #waiting: Promise<Record<string, unknown> | undefined>;

  constructor(bundle: string, env: Record<string, string>, require: string | undefined) {
    const file = join(bundle, 'sqs-host.mjs');
    writeFileSync(file, host(bundle));
    const execArgv = require === undefined ? [] : [`--require=${require}`];
    this.#child = fork(file, { env, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.ended = new Promise((resolve) => this.#child.on('exit', (_, signal) => resolve(signal)));
    this.#waiting = this.#next();
  }

  /** What it answers; undefined where its process ended meanwhile. */
  async invoke(event: unknown): Promise<Record<string, unknown> | undefined> {
    if ((await this.#waiting) === undefined) return undefined;
    this.#waiting = this.#next();
    this.#child.send(event as object, () => {});
    return this.#waiting;
  }

  stop(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.isStopped = true;
    this.#child.kill('SIGKILL');
  }

  #next(): Promise<Record<string, unknown> | undefined> {
    return new Promise((resolve) => {
      this.#child.once('message', (message) => resolve(message as Record<string, unknown>));
      void this.ended.then(() => resolve(undefined));
    });
  }
}

export const messageEvent = ({ id, body, count }: Message) => ({
  Records: [
    {
      ...{ messageId: id, receiptHandle: id, body, eventSource: 'aws:sqs', awsRegion: 'eu-west-1' },
      attributes: { ApproximateReceiveCount: String(count), SentTimestamp: '0' },
    },
  ],
});

export const postEvent = (body: unknown, key: string) => ({
  ...{ version: '2.0', rawPath: '/v1/async', body: JSON.stringify(body), isBase64Encoded: false },
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  requestContext: { http: { method: 'POST' }, requestId: 'r' },
});
