import { Agent, request } from 'node:http';

/** One answered request: when it was asked and answered on this process's clock, ms, and what was wrong with it. */
export interface Answered {
  from: number;
  to: number;
  version: string;
  fault: 'failed' | 'mixed' | undefined;
}

interface Reply {
  status: number;
  body: string;
}

export interface LoadOptions {
  port: number;
  body: string;
  connections: number;
  /** The first number other than 0 that each version answers. */
  expected: ReadonlyMap<string, number>;
}

interface Prediction {
  outputs: Record<string, { data: number[] }>;
  model: { version: string };
}

/** A constant number of callers, each asking again as soon as it is answered; every answer is held to its version. */
export class SteadyLoad {
  readonly answered: Answered[] = [];
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #callers: Promise<void>[];
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.connections });
    this.#callers = Array.from({ length: options.connections }, () => this.#call());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#callers);
    this.#agent.destroy();
  }

  async #call(): Promise<void> {
    while (!this.#stopping) {
      const from = performance.now();
      const reply = await this.#ask().catch((): Reply => ({ status: 0, body: '' }));
      this.answered.push({ from, to: performance.now(), ...this.#judge(reply) });
    }
  }

  #judge({ status, body }: Reply): Pick<Answered, 'version' | 'fault'> {
    if (status !== 200) return { version: '', fault: 'failed' };
    const { outputs, model } = JSON.parse(body) as Prediction;
    const got = Object.values(outputs)[0]!.data.find((one) => one !== 0);
    const wanted = this.#options.expected.get(model.version) ?? Number.NaN;
    const same = Math.abs(got! - wanted) < 1e-4;
    return { version: model.version, fault: same ? undefined : 'mixed' };
  }

  #ask(): Promise<Reply> {
    const { port, body } = this.#options;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const requests = request({
        port,
        host: '127.0.0.1',
        path: '/v1/infer',
        method: 'POST',
        headers,
        agent: this.#agent,
      });
      requests.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      requests.end(body);
    });
  }
}
