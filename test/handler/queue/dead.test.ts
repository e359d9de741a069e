import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { QueueBed } from './queue-bed.ts';

let bed: QueueBed;
beforeEach(() => {
  bed = new QueueBed({ COLDGATE_QUEUE_ATTEMPTS: '3' });
});
afterEach(() => bed.close());

const inputs = { inputs: [[1, 2]] };
/** Takes the model away, or puts it back: the function cannot load it then, which may pass. */
const model = (there: boolean): void => {
  const [from, to] = there ? ['away', 'tiny'] : ['tiny', 'away'];
  renameSync(join(bed.store.root, from), join(bed.store.root, to));
};

it('a passing failure goes back, and is a reason after the last attempt, until a result takes its place', async () => {
  model(false);
  const id = await bed.accepted(inputs);
  expect([await bed.deliver(1), await bed.deliver(2)]).toEqual(['again', 'again']);
  expect((await bed.look(id)).json).toEqual({ id, status: 'pending' });
  expect(bed.kept('dead')).toEqual([]);
  expect(await bed.deliver(3)).toBe('again');
  expect(bed.kept('dead')).toEqual([`${id}.json`, `${id}.last.json`]);
  const cause = { code: 'model-not-found', http_status: 503 };
  expect((await bed.look(id)).json).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'gave-up', cause } });
  expect(bed.test.logged('async').at(-1)).toMatchObject({ level: 'error', status: 'gave-up', code: 'model-not-found' });

  model(true);
  bed.test.clock += 120_000;
  // Sent again from where dead messages are.
  expect(await bed.deliver(1)).toBe('done');
  expect((await bed.look(id)).json).toMatchObject({ status: 'done' });
});

it('an attempt that ends its process leaves a reason when it was the last', async () => {
  const id = await bed.accepted(inputs);
  const message = bed.messages.at(-1) as Uint8Array;
  await bed.worker.giveUp(message, { attempt: 3 });
  expect((await bed.look(id)).json).toMatchObject({ error: { code: 'gave-up', cause: { code: 'no-answer' } } });
});

it('while the last attempt may still be at work its job is pending', async () => {
  const id = await bed.accepted(inputs);
  const last = (from: number): void =>
    bed.store.write(
      `_coldgate/async/tiny/dead/${id}.last.json`,
      Buffer.from(JSON.stringify({ id, status: 'failed', from: new Date(from).toISOString() })),
    );
  last(Date.now() + 60_000);
  expect((await bed.look(id)).json).toMatchObject({ status: 'pending' });
  last(Date.now() - 1);
  expect((await bed.look(id)).json).toMatchObject({ status: 'failed' });
});

it('what is no job is kept aside with its reason', async () => {
  const message = Buffer.from('hello');
  expect(await bed.worker.work(message, { attempt: 1 })).toBe('again');
  expect(bed.kept('dead')).toEqual([]);
  expect(await bed.worker.work(message, { attempt: 3 })).toBe('again');
  const [name] = bed.kept('dead');
  expect(name).toMatch(/^bad-[0-9a-f]{24}\.json$/);
  expect(bed.read(`dead/${name}`)).toMatchObject({ status: 'failed', error: { code: 'bad-message' } });
});
