import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HandlerChild } from '../fakes/handler-child.ts';
import { openRuntimeApi, type RuntimeApi } from '../fakes/handler-runtime-api.ts';
import { type Fields, type FunctionVersion, region } from './state.ts';

export interface Invoked {
  payload: unknown;
  /** Set when the function failed. */
  error: 'Unhandled' | undefined;
  /** End of the log, at most 4 KB as from the service. */
  log: string;
}

/** Most of the log that comes with an answer, bytes. */
const tailBytes = 4096;

/**
 * One execution environment: the function's own files, run by Lambda's runtime interface client as a process with an
 * empty temporary folder of its own. It serves one event at a time and is reused until it is stopped.
 */
export class Sandbox {
  readonly version: FunctionVersion;
  readonly #child: HandlerChild;
  readonly #api: RuntimeApi;
  readonly #temporary: string;
  readonly #started = performance.now();
  #cold = true;

  private constructor(version: FunctionVersion, child: HandlerChild, api: RuntimeApi, temporary: string) {
    this.version = version;
    this.#child = child;
    this.#api = api;
    this.#temporary = temporary;
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
    const log = [...lines, this.#report(performance.now() - began, initMs)].join('\n');
    return { payload, error, log: Buffer.from(`${log}\n`).subarray(-tailBytes).toString('utf8') };
  }

  async #run(event: unknown, limitMs: number): Promise<[unknown, Invoked['error']]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<[unknown, Invoked['error']]>((resolve) => {
      const errorMessage = `${randomUUID()} Task timed out after ${limitMs / 1000} seconds`;
      timer = setTimeout(() => resolve([{ errorMessage }, 'Unhandled']), limitMs);
    });
    const exit = new Promise<[unknown, Invoked['error']]>((resolve) => {
      const fail = () => resolve([{ errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited' }, 'Unhandled']);
      if (this.ended) fail();
      else this.#child.process.once('exit', fail);
    });
    const done = this.#api.invoke(event).then(
      (ok): [unknown, Invoked['error']] => [ok, undefined],
      (error: unknown): [unknown, Invoked['error']] => [error, 'Unhandled'],
    );
    const settled = await Promise.race([done, late, exit]);
    clearTimeout(timer);
    if (settled[1]) this.#child.process.kill('SIGKILL');
    return settled;
  }

  /** The platform's last line, in the function's log format. */
  #report(ms: number, initMs: number | undefined): string {
    const { configuration } = this.version;
    const memory = Number(configuration['MemorySize']);
    const billed = Math.ceil(ms + (initMs ?? 0));
    const requestId = randomUUID();
    if ((configuration['LoggingConfig'] as Fields | undefined)?.['LogFormat'] === 'JSON') {
      const init = initMs === undefined ? {} : { initDurationMs: initMs };
      const sizes = { memorySizeMB: memory, maxMemoryUsedMB: 99 };
      const metrics = { durationMs: ms, billedDurationMs: billed, ...sizes, ...init };
      return JSON.stringify({ type: 'platform.report', record: { requestId, metrics, status: 'success' } });
    }
    const init = initMs === undefined ? '' : `\tInit Duration: ${initMs.toFixed(2)} ms`;
    return `REPORT RequestId: ${requestId}\tDuration: ${ms.toFixed(2)} ms\tBilled Duration: ${billed} ms\tMemory Size: ${memory} MB\tMax Memory Used: 99 MB${init}\t`;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
    await this.#api.close();
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}
