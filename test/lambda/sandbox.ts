import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HandlerChild } from '../fakes/handler/child.ts';
import { openRuntimeApi, type RuntimeApi } from '../fakes/handler/runtime-api.ts';
import { type Environment, type Invoked, tailOf } from './environment.ts';
import { reportOf } from './report.ts';
import { type Fields, type FunctionVersion, region } from './state.ts';

const modulePaths = ({ layers = [] }: FunctionVersion): string[] =>
  layers
    .toReversed()
    .flatMap(({ folder }) => [join(folder, 'nodejs/node24/node_modules'), join(folder, 'nodejs/node_modules')]);

/**
 * One execution environment: the function's own files, run by Lambda's runtime interface client as a process with an
 * empty temporary folder of its own. It serves one event at a time and is reused until it is stopped.
 */
export class Sandbox implements Environment {
  readonly version: FunctionVersion;
  readonly #child: HandlerChild;
  readonly #api: RuntimeApi;
  readonly #temporary: string;
  readonly #started = performance.now();
  /** Ends with the process; one promise for all events, so that they leave no listeners behind. */
  readonly #exit: Promise<[unknown, Invoked['error']]>;
  #cold = true;

  private constructor(version: FunctionVersion, child: HandlerChild, api: RuntimeApi, temporary: string) {
    this.version = version;
    this.#child = child;
    this.#api = api;
    this.#temporary = temporary;
    this.#exit = new Promise((resolve) => {
      const failure = { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited' };
      child.process.once('exit', () => resolve([failure, 'Unhandled']));
    });
  }

  /** @param ric folder of the built aws-lambda-ric */
  static async start(version: FunctionVersion, ric: string, scratch: string): Promise<Sandbox> {
    const api = await openRuntimeApi();
    mkdirSync(scratch, { recursive: true });
    const temporary = mkdtempSync(join(scratch, 'tmp-'));
    const { configuration, folder } = version;
    const variables = ((configuration['Environment'] as Fields | undefined)?.['Variables'] ?? {}) as Record<
      string,
      string
    >;
    const handler = String(configuration['Handler']);
    const child = new HandlerChild([join(ric, 'index.mjs'), handler], {
      ...variables,
      // The service unpacks layers below /opt, later ones over earlier ones, and points NODE_PATH there:
      // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html. Here each layer has a folder of its own.
      NODE_PATH: modulePaths(version).join(':'),
      TMPDIR: temporary,
      HOME: temporary,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: folder,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: String(configuration['FunctionName']),
      AWS_LAMBDA_FUNCTION_VERSION: String(configuration['Version']),
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration['MemorySize']),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${String(configuration['FunctionName'])}`,
      AWS_LAMBDA_LOG_STREAM_NAME: randomUUID(),
    });
    return new Sandbox(version, child, api, temporary);
  }

  get ended(): boolean {
    return this.#child.process.exitCode !== null || this.#child.process.signalCode !== null;
  }

  /** Runs one event. A process that ends meanwhile, or takes longer than the function's time-out, is a failure. */
  async invoke(event: unknown): Promise<Invoked> {
    const initMs = this.#cold ? performance.now() - this.#started : undefined;
    this.#cold = false;
    const from = this.#child.lines.length;
    const began = performance.now();
    const { Timeout } = this.version.configuration;
    const [payload, error] = await this.#run(event, Number(Timeout) * 1000);
    // What it has written before its answer is in the pipe already.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const lines = this.#child.lines.slice(from);
    const report = reportOf(this.version, { ms: performance.now() - began, initMs });
    return { payload, error, log: tailOf([...lines, report]) };
  }

  async #run(event: unknown, limitMs: number): Promise<[unknown, Invoked['error']]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<[unknown, Invoked['error']]>((resolve) => {
      const errorMessage = `${randomUUID()} Task timed out after ${limitMs / 1000} seconds`;
      timer = setTimeout(() => resolve([{ errorMessage }, 'Unhandled']), limitMs);
    });
    const done = this.#api.invoke(event).then(
      (ok): [unknown, Invoked['error']] => [ok, undefined],
      (error: unknown): [unknown, Invoked['error']] => [error, 'Unhandled'],
    );
    const settled = await Promise.race([done, late, this.#exit]);
    clearTimeout(timer);
    if (settled[1]) this.#child.process.kill('SIGKILL');
    return settled;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    await this.#api.close();
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}
