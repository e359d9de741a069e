import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadError } from '../../../src/handler/model/load-error.ts';
import { makeId } from '../../../src/handler/queue/job.ts';
import { TestApp } from '../test-app.ts';
import { QueueBed } from './queue-bed.ts';

let bed: QueueBed;
beforeAll(() => {
  bed = new QueueBed();
});
afterAll(() => bed.close());

const inputs = { inputs: [[1, 2]] };

describe('a request to the queue', () => {
  it('is answered at once, with the place of its result', async () => {
    const { status, headers, json } = await bed.submit(inputs);
    const { id, url, result } = json as Record<string, string>;
    expect([status, headers['location'], headers['retry-after']]).toEqual([202, `async/${id}`, '1']);
    expect([url, result]).toEqual([
      `/v1/async/${id}`,
      `file://${bed.store.root}/_coldgate/async/tiny/results/${id}.json`,
    ]);
    expect((await bed.look(id as string)).status).toBe(202);
    expect(bed.kept('results')).toEqual([]);
    await bed.deliver();
    const { status: found, json: done } = await bed.look(id as string);
    expect([found, done]).toMatchObject([
      200,
      {
        schema: 1,
        id,
        model: 'tiny',
        status: 'done',
        attempt: 1,
        answer: { outputs: { y: [[5.5, 1]] }, model: { version: '1.0.0' } },
      },
    ]);
    expect(bed.test.logged('async').at(-1)).toMatchObject({
      level: 'info',
      id,
      model: 'tiny',
      status: 'done',
      attempt: 1,
    });
  });

  it('keeps query, bytes and their shape, and answers JSON', async () => {
    const id = await bed.accepted(
      new Uint8Array(new Float32Array([1, 2]).buffer),
      { 'x-tensor-shape': '1,2' },
      '?output=y',
    );
    await bed.deliver();
    expect((await bed.look(id)).json).toMatchObject({ status: 'done', answer: { outputs: { y: expect.anything() } } });
  });

  it('above what a message takes goes by the store, where its digest is looked at', async () => {
    const rows = { inputs: Array.from({ length: 200 }, () => [1, 2]) };
    const id = await bed.accepted(rows);
    expect(bed.messages.at(-1)?.byteLength).toBeLessThan(1000);
    expect(bed.kept('inputs')).toEqual([id]);
    await bed.deliver();
    const { answer } = (await bed.look(id)).json as { answer: { outputs: { y: number[][] } } };
    expect(answer.outputs.y).toHaveLength(200);

    const other = await bed.accepted(rows);
    bed.store.write(`_coldgate/async/tiny/inputs/${other}`, Buffer.from('{"inputs":[[6,6]]}'));
    await bed.deliver();
    expect((await bed.look(other)).json).toMatchObject({ status: 'failed', error: { code: 'input-changed' } });
  });

  it('with inputs that the model refuses is a result, and done', async () => {
    const id = await bed.accepted({ inputs: [[1, 2, 3]] });
    expect(await bed.deliver()).toBe('done');
    const error = { code: 'bad-input', http_status: 400, message: expect.stringContaining('inputs.x') };
    expect((await bed.look(id)).json).toMatchObject({ status: 'failed', error });
  });

  it.each([
    [{ 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
    [{ 'idempotency-key': 'a b' }, 400, 'bad-key'],
    [{ 'idempotency-key': '' }, 400, 'bad-key'],
  ])('with headers %j is refused', async (headers, status, code) => {
    const sent = bed.messages.length;
    const answer = await bed.submit(inputs, headers as unknown as Record<string, string>);
    expect([answer.status, answer.json]).toMatchObject([status, { error: { code } }]);
    expect(bed.messages).toHaveLength(sent);
  });

  it('is 503 where queue or store do not take it, and says nothing of why', async () => {
    bed.failing = new LoadError('store-denied', 'arn:secret');
    const { status, headers, body } = await bed.submit(inputs);
    bed.failing = undefined;
    expect([status, headers['retry-after'], String(body)]).toEqual([503, '5', expect.not.stringContaining('secret')]);
    expect(bed.test.logged('request').at(-1)).toMatchObject({
      code: 'queue-unavailable',
      detail: { failure: 'arn:secret' },
    });
  });

  it('is 404 for a function without a queue, and a model that it does not serve', async () => {
    const plain = new TestApp(bed.store.root);
    expect([(await plain.ask('/v1/async', { body: inputs })).json]).toMatchObject([{ error: { code: 'no-queue' } }]);
    await plain.close();
    const other = await bed.test.ask('/v1/models/other/async', { body: inputs });
    expect([other.status, other.json]).toMatchObject([404, { error: { code: 'model-not-served' } }]);
  });
});

describe('a result', () => {
  it.each([
    ['of another form', '../../current.json'],
    ['older than results are kept', makeId(Date.now() - 8 * 86_400_000, new Uint8Array(10))],
    ['that is yet to come', makeId(Date.now() + 600_000, new Uint8Array(10))],
  ])('of an id %s is 404', async (_, id) => {
    const { status, json } = await bed.look(encodeURIComponent(id));
    expect([status, json]).toMatchObject([404, { error: { code: 'job-not-found' } }]);
  });

  it('is made once, however often its message comes', async () => {
    const id = await bed.accepted(inputs);
    const both = await Promise.all([bed.deliver(), bed.deliver()]);
    expect(both).toEqual(['done', 'done']);
    const before = bed.read(`results/${id}.json`);
    expect(await bed.deliver(2)).toBe('done');
    expect(bed.read(`results/${id}.json`)).toEqual(before);
    const states = bed.test.logged('async').filter((line) => line['id'] === id);
    expect(states.map(({ status }) => status).sort()).toEqual(['done', 'done-before', 'done-before']);
  });
});

describe('an Idempotency-Key', () => {
  it('names one job, and only for one body', async () => {
    const headers = { 'idempotency-key': 'order:1' };
    const id = await bed.accepted(inputs, headers);
    expect(await bed.accepted(inputs, headers)).toBe(id);
    const other = await bed.submit({ inputs: [[3, 4]] }, headers);
    expect([other.status, other.json]).toMatchObject([409, { error: { code: 'key-reused' } }]);
    await bed.deliver();
    const sent = bed.messages.length;
    expect(await bed.accepted(inputs, headers)).toBe(id);
    expect(bed.messages).toHaveLength(sent);
  });
});
