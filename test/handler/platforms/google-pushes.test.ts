import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plainForm } from '../../../src/handler/http/log-form.ts';
import { withPushes } from '../../../src/handler/platforms/google/pushes.ts';
import { openTopic } from '../../../src/handler/platforms/google/topic.ts';
import type { Desk } from '../../../src/handler/queue/desk.ts';
import { type Google, openGoogle } from '../../google/google.ts';
import { QueueBed } from '../queue/queue-bed.ts';

const caller = 'digits@coldgate-test.iam.gserviceaccount.com';
const audience = 'https://run.googleapis.com/projects/p/locations/r/services/s';
const body = { inputs: { x: [[1, 2]] } };

/** Pushes of Pub/Sub, with tokens that the stand-in signs as Google does. */
describe('a push', () => {
  let google: Google;
  const beds: QueueBed[] = [];
  beforeAll(async () => {
    google = await openGoogle();
  });
  afterAll(async () => {
    for (const bed of beds) await bed.close();
    await google.close();
  });

  function open(more: Record<string, string> = {}, watch: (desk: Desk) => Desk = (desk) => desk) {
    const variables = {
      COLDGATE_QUEUE_CALLER: caller,
      GOOGLE_OAUTH2_CERTS_URL: `${google.urlOf('CERTS')}/oauth2/v3/certs`,
      COLDGATE_QUEUE_ATTEMPTS: '20',
      ...more,
    };
    const bed = new QueueBed(variables);
    beds.push(bed);
    const write = (line: string): void => void bed.test.lines.push(line);
    const deps = { variables, write, form: plainForm, limit: 1000, desk: async () => watch(await bed.open()) };
    return { bed, app: withPushes(bed.test.app, deps) };
  }
  const tokenOf = (email = caller, to = audience, at = new Date()) => google.context.iam.idToken(email, to, at);
  const push = (message: Uint8Array, more: object = {}): object => ({
    message: { data: Buffer.from(message).toString('base64'), messageId: '1' },
    ...{ subscription: 'projects/p/subscriptions/s', deliveryAttempt: 1, ...more },
  });
  const send = async (app: ReturnType<typeof open>['app'], token: string | null, event: unknown) => {
    const bytes = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
    const { status } = await app.handle({
      ...{ method: 'POST', url: '/coldgate/queue', read: async () => bytes },
      headers: { get: (name) => (name === 'authorization' && token !== null ? `Bearer ${token}` : null) },
    });
    return status;
  };
  const stripped = (token: string): string => token.replace(/[^.]*$/, 'SIGNATURE_REMOVED_BY_GOOGLE');

  it('is worked on and acknowledged, once however often it comes', async () => {
    const { bed, app } = open({ COLDGATE_QUEUE_AUDIENCE: audience });
    const id = await bed.accepted(body);
    const event = push(bed.messages.at(-1)!);
    expect(await send(app, tokenOf(), event)).toBe(204);
    expect(await send(app, tokenOf(), { ...event, deliveryAttempt: 2 })).toBe(204);
    expect([bed.kept('results'), bed.read(`results/${id}.json`)]).toMatchObject([
      [`${id}.json`],
      { status: 'done', attempt: 1 },
    ]);
  });

  it('comes from whom the variables name, by a token that Google has signed now, for this function', async () => {
    const { bed, app } = open({ COLDGATE_QUEUE_AUDIENCE: audience });
    await bed.accepted(body);
    const event = push(bed.messages.at(-1)!);
    const [head = '', , signature = ''] = tokenOf().split('.');
    const claims = Buffer.from(JSON.stringify({ iss: 'https://accounts.google.com', email: caller })).toString(
      'base64url',
    );
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const tokens = {
      nothing: null,
      forged: `${head}.${claims}.${signature}`,
      unsigned: `${none}.${tokenOf().split('.')[1]}.x`,
      'taken for checked': stripped(tokenOf()),
      'of another account': tokenOf('other@coldgate-test.iam.gserviceaccount.com'),
      'for another service': tokenOf(caller, 'https://elsewhere.example'),
      'of yesterday': tokenOf(caller, audience, new Date(Date.now() - 86_400_000)),
      'of tomorrow': tokenOf(caller, audience, new Date(Date.now() + 86_400_000)),
      'no token': 'x',
    };
    for (const [what, token] of Object.entries(tokens))
      expect([what, await send(app, token, event)]).toEqual([what, 403]);
    expect(bed.kept('results')).toEqual([]);
  });

  it('needs no signature where Cloud Run has checked it, and the right account still', async () => {
    const { bed, app } = open();
    await bed.accepted(body);
    const event = push(bed.messages.at(-1)!);
    expect(await send(app, stripped(tokenOf('other@x.iam.gserviceaccount.com')), event)).toBe(403);
    expect(await send(app, stripped(tokenOf()), event)).toBe(204);
  });

  it('is delivered again where it is no message of ours, and its reason is kept at the last', async () => {
    const { bed, app } = open();
    await bed.accepted(body);
    const token = stripped(tokenOf());
    expect(await send(app, token, push(Buffer.from('hello')))).toBe(503);
    expect(bed.kept('dead')).toEqual([]);
    expect(await send(app, token, push(Buffer.from('hello'), { deliveryAttempt: 20 }))).toBe(503);
    expect(bed.kept('dead')).toHaveLength(1);
    for (const event of [
      'no json',
      {},
      { message: null },
      { message: { data: 1 } },
      push(Buffer.from(''), { deliveryAttempt: 'x' }),
    ]) {
      expect(await send(app, token, event)).toBe(400);
    }
  });

  it('waits while as many are worked on as may be', async () => {
    let running = 0;
    let most = 0;
    const { bed, app } = open({ COLDGATE_QUEUE_CONCURRENCY: '2' }, (desk) => ({
      ...desk,
      create: async (...all) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        return desk.create(...all).finally(() => running--);
      },
    }));
    await bed.accepted(body);
    const event = push(bed.messages.at(-1)!);
    const statuses = await Promise.all(Array.from({ length: 6 }, () => send(app, stripped(tokenOf()), event)));
    expect([new Set(statuses), most]).toEqual([new Set([204]), 2]);
  });
});

describe('a topic', () => {
  let google: Google;
  beforeAll(async () => {
    google = await openGoogle();
    google.context.iam.grant(caller, ['pubsub.topics.publish'], '*', 0);
    google.pubsub.topics.set('projects/coldgate-test/topics/work', {});
  });
  afterAll(() => google.close());
  const open = async (as = caller, topic = 'projects/coldgate-test/topics/work') =>
    openTopic(topic, { PUBSUB_EMULATOR_HOST: (await google.pubsubAs(as)).replace('http://', '') });

  it('takes a message of as many bytes as it says, and not of many more', async () => {
    const topic = await open();
    await topic.send(Buffer.alloc(topic.limit, 7));
    await expect(topic.send(Buffer.alloc(topic.limit + 2000, 7))).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('is refused in words to who may not send, and where there is none', async () => {
    await expect((await open('other@x.example')).send(Buffer.from('x'))).rejects.toMatchObject({
      ...{ code: 'store-denied', message: expect.stringContaining('pubsub.topics.publish') },
    });
    const none = await open(caller, 'projects/coldgate-test/topics/none');
    await expect(none.send(Buffer.from('x'))).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(() => openTopic('arn:aws:sqs:x', {})).toThrow(/projects\/PROJECT/);
    expect(() => openTopic('projects/p/topics/work', { PUBSUB_EMULATOR_HOST: 'example.com:80' })).toThrow(/loopback/);
  });

  it('is sent to again while it is busy', async () => {
    const topic = await open();
    let asked = 0;
    google.context.fault = ({ method }) => (method.endsWith('publish') && asked++ < 1 ? 'unheard' : undefined);
    await topic.send(Buffer.from('x'));
    google.context.fault = () => undefined;
    await vi.waitFor(() => expect(asked).toBe(2), 60_000);
  });
});
