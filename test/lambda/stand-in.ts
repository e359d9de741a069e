import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessOperations } from './access.ts';
import { checkValue, readRequest } from './contract.ts';
import { DataPlane, type Reply } from './data-plane.ts';
import type { StartEnvironment } from './environment.ts';
import { functionOperations } from './functions.ts';
import { Neighbours } from './neighbours.ts';
import { Sandbox } from './sandbox.ts';
import { denied, ServiceError } from './service-error.ts';
import { Account, type Fields, functionArn } from './state.ts';

export interface Call {
  operation: string;
  input: Fields;
  /** Whether the operation may change something. */
  mutating: boolean;
  /** HTTP status of the answer. */
  status: number;
}

/** What goes wrong at a call. `lost`: it is done, and its answer never comes. */
export type Fault = ServiceError | 'lost';

export interface StandInOptions {
  /** Looks until a change is done. Default 1. */
  looks?: number;
  /** Folder of the built aws-lambda-ric; without it nothing can be invoked. */
  ric?: string;
  /** Runs versions in another way than in the real runtime client. */
  start?: StartEnvironment;
  now?: () => Date;
}

const reading = /^(?:Get|List)|^Invoke$/;

/**
 * A stand-in for the Lambda service, not the service: its REST interface with the model of the SDK as its judge, its state
 * machine with what the emulators leave out (revision ids, pending states, conflicts, limits, both URL permissions), and
 * a data plane that runs the uploaded zip in the real runtime interface client.
 */
export class LambdaStandIn {
  readonly calls: Call[] = [];
  readonly account: Account;
  readonly data: DataPlane;
  /** CloudWatch Logs, S3 and API Gateway at the same address. */
  readonly neighbours: Neighbours;
  /** Asked before each call; what it answers happens instead of, or to, the call. */
  fault: (operation: string, input: Fields) => Fault | undefined = () => undefined;
  /** Told of each call once it is done, before its answer goes out. */
  onDone: (call: Call) => void | Promise<void> = () => {};
  readonly #server: Server;
  readonly #scratch: string;

  private constructor(options: StandInOptions) {
    this.#scratch = mkdtempSync(join(tmpdir(), 'coldgate-lambda-'));
    this.account = new Account(options.now ?? (() => new Date()), (name, alias) => `${this.url}/url/${name}/${alias}/`);
    this.account.looks = options.looks ?? 1;
    const start = options.start ?? ((version, scratch) => Sandbox.start(version, options.ric ?? '', scratch));
    this.data = new DataPlane(this.account, start, join(this.#scratch, 'environments'));
    this.neighbours = new Neighbours(this.account, this.data, (id) => `${this.url}/api/${id}`);
    this.account.codeAt = (bucket, key) => this.neighbours.buckets.bytes(bucket, key);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(options: StandInOptions = {}): Promise<LambdaStandIn> {
    const one = new LambdaStandIn(options);
    await new Promise<void>((resolve) => one.#server.listen(0, '127.0.0.1', resolve));
    return one;
  }

  /** For AWS_ENDPOINT_URL: Lambda and its neighbours. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Names of the calls since the last time this was asked: those that change something, and those that do not. */
  take(): { reading: string[]; mutating: string[] } {
    const calls = this.calls.splice(0).filter(({ operation }) => operation !== 'Invoke');
    const names = (mutating: boolean) => calls.filter((c) => c.mutating === mutating).map((c) => c.operation);
    return { reading: names(false), mutating: names(true) };
  }

  async close(): Promise<void> {
    await this.data.stopAll();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '/', headers } = request;
    const [, name, alias, rest] = /^\/url\/([^/]+)\/([^/]*)(\/.*)$/.exec(path) ?? [];
    const [, api, below] = /^\/api\/(\w+)(\/.*)$/.exec(path) ?? [];
    const [, restApi, stage, under] = /^\/restapis\/(\w+)\/(\w+)\/_user_request_(\/.*)$/.exec(path) ?? [];
    let reply: Reply | undefined;
    try {
      if (name !== undefined)
        reply = await this.data.fetch({ name, alias: alias ?? '' }, { method, path: rest ?? '/', headers, body });
      else if (api !== undefined)
        reply = await this.neighbours.apis.fetch(api, { method, path: below ?? '/', headers, body });
      else if (restApi !== undefined)
        reply = await this.neighbours.front.fetch(restApi, stage ?? '', { method, path: under ?? '/', headers, body });
      else reply = await this.#control({ method, url: new URL(path, this.url), headers: headers as never, body });
    } catch (thrown) {
      reply = failure(thrown);
    }
    if (!reply) request.socket.destroy();
    else response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  async #control(incoming: Parameters<typeof readRequest>[0]): Promise<Reply | undefined> {
    const service = signedFor(incoming.headers);
    const request = service === 'lambda' ? this.#read(incoming) : this.neighbours.read(service, incoming);
    const { operation, input, mutating } = request;
    const call: Call = { operation, input, mutating, status: 0 };
    this.calls.push(call);
    const fault = this.fault(operation, input);
    let reply: Reply;
    try {
      if (fault instanceof ServiceError) throw fault;
      reply = await request.answer();
    } catch (thrown) {
      reply = failure(thrown);
    }
    call.status = reply.status;
    await this.onDone(call);
    return fault === 'lost' ? undefined : reply;
  }

  #read(incoming: Parameters<typeof readRequest>[0]) {
    const { operation, input } = readRequest(incoming);
    const answer = () => (operation.name === 'Invoke' ? this.data.answer(input) : this.#do(operation, input));
    return { operation: operation.name, input, mutating: !reading.test(operation.name), answer };
  }

  async #do(operation: ReturnType<typeof readRequest>['operation'], input: Fields): Promise<Reply> {
    const mapping = this.neighbours.mappings.operations[operation.name];
    const work = mapping
      ? (_: Account, given: Fields) => mapping(given)
      : (functionOperations[operation.name] ?? accessOperations[operation.name]);
    if (!work) throw new ServiceError('NotImplemented', 501, `The stand-in does not know ${operation.name}`);
    const result = await work(this.account, input, join(this.#scratch, 'code'));
    if (result) checkValue(operation.output, result, `answer of ${operation.name}`);
    const body = Buffer.from(result ? JSON.stringify(result) : '');
    return { status: operation.status, headers: { 'content-type': 'application/json' }, body };
  }

  /** Makes an action fail for want of a permission, as long as it is not taken back by another fault. */
  deny(action: string): void {
    this.fault = (operation, input) =>
      `lambda:${operation}` === action ? denied(action, functionArn(String(input['FunctionName']))) : undefined;
  }
}

/** The service that a request is signed for; whether rightly so is for the real one to say. */
function signedFor(headers: Record<string, string | undefined>): string {
  const scope = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[a-z0-9-]+\/([\w-]+)\/aws4_request,/;
  const service = scope.exec(headers['authorization'] ?? '')?.[1];
  if (service) return service;
  throw new ServiceError('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
}

function failure(thrown: unknown): Reply {
  const known = thrown instanceof ServiceError;
  const { name, message } = thrown as Error;
  return {
    status: known ? thrown.status : 500,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': known ? name : 'ServiceException' },
    body: Buffer.from(JSON.stringify({ Type: 'User', message, Message: message })),
  };
}
