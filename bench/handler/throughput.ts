import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import autocannon from 'autocannon';
import { sessionOptions, usableCores } from '../../src/handler/session/open-session.ts';
import { type Goal, type Options, pairs } from '../goal.ts';
import { benchModels } from './models.ts';
import { Stage } from './stage.ts';

async function portOf(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const { event, port } = JSON.parse(line) as { event: string; port: number };
    if (event === 'listening') return port;
  }
  throw new Error('The bare server ended.');
}

/** Time a request takes the server, ms: seconds by requests. Throws where any was not answered with 200. */
async function perRequest(port: number, body: string, seconds: number): Promise<number> {
  const run = await autocannon({
    url: `http://127.0.0.1:${port}/v1/infer`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections: 8,
    duration: seconds,
  });
  if (run.non2xx + run.errors > 0) throw new Error(`${run.non2xx} refused, ${run.errors} failed`);
  return (run.duration * 1000) / run.requests.total;
}

/** Warm requests a second of the function, all its checks, log and headers, against a server that has none. */
export async function answering({ quick, scratch }: Options): Promise<Goal[]> {
  const model = (await benchModels(join(scratch, 'models'))).at(-1)!;
  const stage = await Stage.open(scratch);
  const ours = stage.start(await stage.publish(model, 'original'));
  const env = { MODEL: model.path, SESSION_OPTIONS: JSON.stringify(sessionOptions('original', usableCores())) };
  const bare = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.mjs')], {
    env: { ...env, ORT_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const body = JSON.stringify({ inputs: model.feeds });
    const ports = [(await ours.listening()).port, await portOf(bare)] as const;
    const seconds = quick ? 1 : 3;
    for (const port of ports) await perRequest(port, body, seconds);
    const taken = await pairs(
      quick ? 3 : 15,
      () => perRequest(ports[0], body, seconds),
      () => perRequest(ports[1], body, seconds),
    );
    const rate = (ms: number): string => `${Math.round(1000 / ms)}/s`;
    const what = 'time of a warm /v1/infer, 0.3 MB model (a ratio of 1.18 is 0.85 of the requests a second)';
    const goal = { what, peer: 'a bare node:http server', ours: rate(taken.ours), theirs: rate(taken.theirs) };
    return [{ ...goal, value: taken.ratio, limit: 1 / 0.85, unit: '×' }];
  } finally {
    bare.kill();
    await ours.stop();
    stage.remove();
  }
}
