import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openAdapterBed } from '../platforms/adapter-bed.ts';
import { answerOf, bodyOf, killer } from './soak.ts';
import { messageEvent, postEvent, Sandbox, SqsStandIn } from './sqs-soak.ts';

const { bundle, store, variables, remove } = await openAdapterBed();
const sqs = new SqsStandIn(1000);
const script = join(bundle, 'killer.cjs');
writeFileSync(script, killer);
const env = {
  ...variables,
  ...{ HOME: bundle, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ENDPOINT_URL_SQS: await sqs.open() },
  COLDGATE_QUEUE: 'arn:aws:sqs:eu-west-1:123456789012:digits',
  COLDGATE_QUEUE_ATTEMPTS: '1000',
};
afterAll(async () => {
  await sqs.close();
  remove();
});

const isFull = process.env['COLDGATE_SOAK'] === 'full';
const size = isFull ? { messages: 1000, kills: 50 } : { messages: 150, kills: 8 };

it(
  `${size.messages} jobs in SQS survive ${size.kills} killed environments, each with one result`,
  async () => {
    const ids = new Map<number, string>();
    let kills = 0;
    /** Environments under way that end themselves. */
    let ending = 0;
    let job = 0;
    const isSent = (): boolean => ids.size >= size.messages && kills >= size.kills;

    /** One environment after another: a request of a caller or a message, whichever there is. */
    const lane = async (): Promise<void> => {
      while (!isSent() || sqs.ready.length > 0) {
        const ends = kills + ending < size.kills;
        if (ends) ending++;
        const sandbox = new Sandbox(bundle, env, ends ? script : undefined);
        void sandbox.ended.then((signal) => {
          if (ends) ending--;
          if (signal === 'SIGKILL' && !sandbox.isStopped) kills++;
        });
        for (let alive = true; alive && (!isSent() || sqs.ready.length > 0); ) alive = await work(sandbox);
        sandbox.stop();
        await sandbox.ended;
      }
    };
    const work = async (sandbox: Sandbox): Promise<boolean> => {
      const message = sqs.take();
      if (message) {
        const reply = await sandbox.invoke(messageEvent(message));
        const failures = (reply?.['answer'] as { batchItemFailures: unknown[] } | undefined)?.batchItemFailures;
        if (failures?.length !== 0) sqs.back(message);
        return reply !== undefined;
      }
      const own = job++;
      for (;;) {
        const reply = await sandbox.invoke(postEvent(bodyOf(own), `job-${own}`));
        if (reply === undefined) {
          lost.push(own);
          return false;
        }
        const { statusCode, body } = reply['answer'] as { statusCode: number; body: string };
        if (statusCode !== 202) continue;
        ids.set(own, (JSON.parse(body) as { id: string }).id);
        return true;
      }
    };
    /** Requests whose environment ended: their callers send them again under their keys. */
    const lost: number[] = [];
    const again = async (): Promise<void> => {
      const sandbox = new Sandbox(bundle, env, undefined);
      for (const own of lost) {
        const { answer } = (await sandbox.invoke(postEvent(bodyOf(own), `job-${own}`))) ?? {};
        ids.set(own, (JSON.parse((answer as { body: string }).body) as { id: string }).id);
      }
      for (let message = sqs.take(); message; message = sqs.take()) await sandbox.invoke(messageEvent(message));
      sandbox.stop();
    };
    await Promise.all([lane(), lane(), lane()]);
    await again();

    const folder = join(store.root, '_coldgate/async/tiny');
    const results = readdirSync(join(folder, 'results')).filter((file) => file.endsWith('.json'));
    const read = (file: string) => JSON.parse(readFileSync(join(folder, 'results', file), 'utf8')) as { id: string };
    const byId = new Map(results.map(read).map((one) => [one.id, one]));
    expect([kills, new Set(ids.values()).size, results.length, byId.size]).toEqual([
      size.kills,
      ...[ids.size, ids.size, ids.size],
    ]);
    expect([sqs.dead, sqs.ready]).toEqual([[], []]);
    for (const [own, id] of ids) expect(byId.get(id)).toMatchObject({ status: 'done', answer: answerOf(own) });
  },
  isFull ? 3_000_000 : 300_000,
);
