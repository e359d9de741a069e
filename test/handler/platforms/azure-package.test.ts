import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HandlerChild } from '../../fakes/handler/child.ts';
import { callOver } from '../../fakes/handler/http.ts';
import { addAzureFiles } from '../function-process.ts';
import { openAdapterBed } from './adapter-bed.ts';

const { bundle, variables, remove } = await openAdapterBed();
afterAll(remove);

const host = join(import.meta.dirname, '../../fakes/handler/azure-host.ts');
const running: HandlerChild[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  addAzureFiles(bundle);
});

interface Found {
  port: number;
  result: string;
  functions: string[];
  imported_ms: number;
}

/** Starts the package as Azure's worker does. */
async function start(more: Record<string, string> = {}, args: string[] = []) {
  const child = new HandlerChild([host, bundle, ...args], { ...variables, ...more });
  running.push(child);
  const port = await child.port();
  const found = JSON.parse(child.lines.find((line) => line.startsWith('{"event":"port"')) ?? '') as Found;
  const call = callOver(port);
  const get = async (path: string) => {
    const { status, body } = await call('GET', path);
    return { status, body: JSON.parse(Buffer.from(body).toString() || '{}') as Record<string, unknown> };
  };
  return { child, found, get };
}

describe('the package of an Azure function', () => {
  it('is found by its main, serves at the root, and says its digest', async () => {
    const { found, get } = await start();
    expect(found).toMatchObject({ result: 'Success', functions: ['coldgate'] });
    expect(await get('/v1/health')).toMatchObject({ status: 200, body: { package_digest: 'd'.repeat(64) } });
  });

  it('has no function without a main, which Azure calls a success', async () => {
    writeFileSync(join(bundle, 'package.json'), '{"type":"module"}');
    const { found, get } = await start();
    expect(found).toMatchObject({ result: 'Success', functions: [] });
    expect((await get('/v1/health')).status).toBe(404);
  });

  it('answers below /api without its host.json', async () => {
    rmSync(join(bundle, 'host.json'));
    const { found, get } = await start();
    expect(found.functions).toEqual(['coldgate']);
    expect((await get('/v1/health')).status).toBe(404);
  });
});

describe('the queue of an Azure function', () => {
  const variables = { COLDGATE_QUEUE: 'https://acmeapps.queue.core.windows.net/digits' };

  it('has a function of its own', async () => {
    expect((await start(variables)).found.functions).toEqual(['coldgate', 'queue']);
  });

  it('is none in a slot beside what is live, whose settings name one', async () => {
    const { found, get } = await start({ ...variables, COLDGATE_QUEUE_OFF: 'true' });
    expect(found.functions).toEqual(['coldgate']);
    expect(await get('/v1/async/01J00000000000000000000000')).toMatchObject({
      status: 404,
      body: { error: { code: 'no-queue' } },
    });
  });
});

describe('a start on Azure', () => {
  const timings = (body: Record<string, unknown>) => body['timings'] as Record<string, number>;

  it('does not count the time that a placeholder waited, and says so', async () => {
    const { found, child, get } = await start();
    const { body } = await get('/v1/health?warm=true');
    expect(body).toMatchObject({ init: 'placeholder', cold_start: true });
    expect(timings(body)['init_ms']).toBeGreaterThan(0);
    // The stand-in took its time around the import, which our time lies in.
    expect(timings(body)['init_ms']).toBeLessThanOrEqual(found.imported_ms);
    await child.stop();
    const cold = child.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(cold.find((line) => line['cold_start'] === true)).toMatchObject({ init: 'placeholder' });
  });

  it('counts from the start of its own process otherwise', async () => {
    const { found, get } = await start({}, ['--direct']);
    const { body } = await get('/v1/health?warm=true');
    expect(body).not.toHaveProperty('init');
    expect(timings(body)['init_ms']).toBeGreaterThan(found.imported_ms);
  });
});

describe('wrong settings of an Azure function', () => {
  it.each([
    ['no store', { MODEL_STORE: '' }, /MODEL_STORE: expected one of/],
    ['no such level', { COLDGATE_AZURE_AUTH: 'everyone' }, /COLDGATE_AZURE_AUTH: expected one of/],
    ['both', { COLDGATE_AZURE_AUTH: 'everyone', MODEL_STORE: 'ftp' }, /AUTH: .*MODEL_STORE: /],
  ])('%s: every request is answered with the reason', async (_name, given, reason) => {
    const { found, child, get } = await start({ COLDGATE_REVISION: 'r2', ...given });
    expect(found).toMatchObject({ result: 'Success', functions: ['coldgate'] });
    expect(await get('/v1/health?warm=true')).toMatchObject({
      status: 500,
      body: {
        status: 'start-failed',
        revision: 'r2',
        package_digest: 'd'.repeat(64),
        error: { code: 'start-failed', message: expect.stringMatching(reason), request_id: 'invocation-1' },
      },
    });
    expect((await get('/v1/models')).status).toBe(500);
    await child.stop();
    const lines = child.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter((line) => line['event'] === 'host-log').map((line) => line['level'])).toEqual([
      'error',
      'error',
    ]);
    expect(lines.find((line) => line['event'] === 'start-failed')).toMatchObject({
      problems: expect.arrayContaining([expect.stringMatching(/expected/)]),
    });
  });
});
