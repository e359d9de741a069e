import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { moto, motoServer } from './moto.ts';
import { folderOf, whyNot } from './part.ts';
import { startDetached, startedIn, startOnFreePort, stopProcess } from './processes.ts';
import { describePart } from './servers.ts';

/** Python then gives each thread its turn a thousand times as often: between a look and a write, too. */
const restless = `import runpy, sys
sys.setswitchinterval(1e-6)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")`;

const writers = 8;
const attempts = 60;

describePart(moto.name, whyNot(moto), 'moto as the test-bed starts it', () => {
  const work = mkdtempSync(join(tmpdir(), 'coldgate-moto-'));
  let key: string;

  beforeAll(async () => {
    const endpoint = await startOnFreePort((port) => {
      const log = join(work, 'log');
      const args = ['-c', restless, motoServer, '-H', '127.0.0.1', '-p', String(port)];
      return { process: startDetached(join(folderOf(moto), 'bin', 'python'), args, { cwd: work, log }), log };
    });
    await send('PUT', `${endpoint}/races`);
    key = `${endpoint}/races/list`;
  });

  afterAll(async () => {
    for (const id of startedIn(work)) await stopProcess(id);
    rmSync(work, { recursive: true });
  });

  const send = (method: string, url: string, body?: string, match?: string): Promise<Response> =>
    fetch(url, {
      method,
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request',
        'content-type': 'application/json',
        ...(match === undefined ? {} : { 'if-match': match }),
      },
      ...(body === undefined ? {} : { body }),
    });

  /** Appends by compare-and-swap; returns the places in the list that it was sure to have won. */
  async function appends(): Promise<number[]> {
    const won: number[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const now = await send('GET', key);
      const list: number[] = JSON.parse(await now.text());
      const answer = await send('PUT', key, JSON.stringify([...list, list.length]), now.headers.get('etag') ?? '');
      await answer.text();
      if (answer.ok) won.push(list.length);
      else expect(answer.status).toBe(412);
    }
    return won;
  }

  it('lets one writer win each generation, however often its threads take turns', async () => {
    await (await send('PUT', key, '[]')).text();
    const won = (await Promise.all(Array.from({ length: writers }, appends))).flat();
    expect(won.length).toBeGreaterThan(attempts / 2);
    const list: number[] = JSON.parse(await (await send('GET', key)).text());
    expect(won.sort((a, b) => a - b)).toEqual(list);
  });
});
