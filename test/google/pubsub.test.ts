import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fields } from '../fakes/clouds/fields.ts';
import { LoopbackServer, readAll } from '../fakes/clouds/loopback.ts';
import { Client } from './client.ts';
import { type Google, openGoogle } from './google.ts';

/** Rules of Pub/Sub that a push depends on, by a client that shares nothing with the product. */
let google: Google;
let client: Client;
let endpoint: LoopbackServer;
let now = Date.now();
/** What came to the endpoint, and what it says: a status, or nothing for ever. */
const came: { body: Fields; token: string }[] = [];
let says: (nth: number) => number | undefined = () => 204;
const holding: (() => void)[] = [];
const account = 'push@coldgate-test.iam.gserviceaccount.com';

beforeAll(async () => {
  google = await openGoogle({ now: () => new Date(now), knobs: { pushDeadlineScale: 1 } });
  client = new Client(google);
  endpoint = await LoopbackServer.open(async (request, response) => {
    const body = JSON.parse((await readAll(request)).toString()) as Fields;
    came.push({ body, token: String(request.headers.authorization) });
    const status = says(came.length);
    if (status === undefined) await new Promise<void>((resolve) => holding.push(resolve));
    response.writeHead(status ?? 204).end();
  });
});
beforeEach(() => {
  came.length = 0;
  google.pubsub.deliveries();
  says = () => 204;
});
afterEach(async () => {
  for (const release of holding.splice(0)) release();
  for (const one of google.pubsub.subscriptions.values()) one.close();
  await google.pubsub.quiet();
  google.pubsub.subscriptions.clear();
  google.pubsub.topics.clear();
});
afterAll(async () => {
  await endpoint.close();
  await google.close();
});

const at = (kind: string, id: string): string => `projects/coldgate-test/${kind}/${id}`;
const ask = (method: string, path: string, body?: unknown) => client.ask(method, `v1/${path}`, body, 'PUBSUB');
const topic = (id = 'work') => ask('PUT', at('topics', id), {});
const subscribe = (more: Fields = {}, id = 'work') =>
  ask('PUT', at('subscriptions', id), {
    topic: at('topics', 'work'),
    ackDeadlineSeconds: 10,
    pushConfig: { pushEndpoint: endpoint.url, oidcToken: { serviceAccountEmail: account, audience: 'https://us' } },
    retryPolicy: { minimumBackoff: '1s', maximumBackoff: '2s' },
    ...more,
  });
const publish = (text: string) =>
  ask('POST', `${at('topics', 'work')}:publish`, { messages: [{ data: Buffer.from(text).toString('base64') }] });
const texts = (): string[] =>
  came.map(({ body }) => Buffer.from(String((body['message'] as Fields)['data']), 'base64').toString());
const left = (id = 'work'): number => google.pubsub.waiting(id).length;

describe('a push', () => {
  it('has the message in a wrapper, and a signed token of the account', async () => {
    await topic();
    await subscribe();
    const { json } = await publish('hello');
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    const [{ body, token } = { body: {}, token: '' }] = came;
    const [id] = json['messageIds'] as string[];
    expect(body).toMatchObject({
      message: { messageId: id, data: 'aGVsbG8=' },
      subscription: at('subscriptions', 'work'),
    });
    expect(body).not.toHaveProperty('deliveryAttempt');
    const [head = '', claims = '', signature = ''] = token.replace('Bearer ', '').split('.');
    const { keys } = (await (await fetch(google.urlOf('CERTS'))).json()) as { keys: (JsonWebKey & { kid: string })[] };
    const key = createPublicKey({ key: keys[0]!, format: 'jwk' });
    const isSigned = verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
    const output = JSON.parse(Buffer.from(claims, 'base64url').toString());
    expect([isSigned, output]).toEqual([
      true,
      expect.objectContaining({ aud: 'https://us', email: account, email_verified: true }),
    ]);
  });

  it.each([102, 200, 201, 202, 204])('is taken by %d', async (status) => {
    // An informational answer cannot be the last one of Node's server.
    says = () => (status === 102 ? 200 : status);
    await topic();
    await subscribe();
    await publish('x');
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    expect(came).toHaveLength(1);
  });

  it('comes again after any other answer, and after none in time', async () => {
    // Two seconds: a machine that is busy answers the others in time.
    google.knobs.pushDeadlineScale = 0.2;
    says = (nth) => [429, 302, 500, undefined, 200][nth - 1];
    await topic();
    await subscribe();
    await publish('again');
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    expect(google.pubsub.deliveries().map(({ attempt, status }) => [attempt, status])).toEqual([
      ...[
        [1, 429],
        [2, 302],
        [3, 500],
        [4, 0],
        [5, 200],
      ],
    ]);
    google.knobs.pushDeadlineScale = 1;
  });

  it('comes again now and then although it was taken', async () => {
    google.knobs.pushDuplicates = 2;
    await topic();
    await subscribe();
    for (const text of ['a', 'b', 'c']) await publish(text);
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    google.knobs.pushDuplicates = 0;
    expect([new Set(texts()), came.length]).toEqual([new Set(['a', 'b', 'c']), expect.any(Number)]);
    expect(came.length).toBeGreaterThan(3);
  });

  it('does not come where Pub/Sub may make no token', async () => {
    google.knobs.pushNeedsTokenCreator = true;
    await topic();
    await subscribe();
    await publish('x');
    await vi.waitFor(() => expect(google.pubsub.deliveries().length).toBeGreaterThan(1), 60_000);
    expect(came).toEqual([]);
    google.context.iam.grant(google.pubsub.agent, ['iam.serviceAccounts.getOpenIdToken'], '*', 0);
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    google.knobs.pushNeedsTokenCreator = false;
  });
});

describe('a dead letter', () => {
  const deadLetterPolicy = { deadLetterTopic: at('topics', 'dead'), maxDeliveryAttempts: 5 };

  it('goes where the policy says, with what it was, once Pub/Sub itself may', async () => {
    says = () => 500;
    await topic();
    expect((await subscribe({ deadLetterPolicy })).status).toBe(404);
    await topic('dead');
    await subscribe({ deadLetterPolicy });
    await subscribe({ topic: at('topics', 'dead'), pushConfig: undefined }, 'kept');
    await publish('bad');
    await vi.waitFor(() => expect(came.length).toBeGreaterThan(6), 60_000);
    expect([left(), left('kept')]).toEqual([1, 0]);
    google.context.iam.grant(google.pubsub.agent, ['pubsub.topics.publish'], at('topics', 'dead'), 0);
    google.context.iam.grant(google.pubsub.agent, ['pubsub.subscriptions.consume'], at('subscriptions', 'work'), 0);
    await vi.waitFor(() => expect([left(), left('kept')]).toEqual([0, 1]), 60_000);
    expect(came.map(({ body }) => body['deliveryAttempt']).slice(0, 3)).toEqual([1, 2, 3]);
    const pulled = await ask('POST', `${at('subscriptions', 'kept')}:pull`, { maxMessages: 10 });
    const [one] = pulled.json['receivedMessages'] as { ackId: string; message: Fields }[];
    expect(one?.message).toMatchObject({
      data: Buffer.from('bad').toString('base64'),
      attributes: { CloudPubSubDeadLetterSourceSubscription: 'work' },
    });
    await ask('POST', `${at('subscriptions', 'kept')}:acknowledge`, { ackIds: [one?.ackId] });
    expect(left('kept')).toBe(0);
  });

  it('is lost where its topic has no subscription', async () => {
    says = () => 500;
    await topic();
    await topic('dead');
    google.context.iam.grant(google.pubsub.agent, ['pubsub.topics.publish', 'pubsub.subscriptions.consume'], '*', 0);
    await subscribe({ deadLetterPolicy });
    await publish('bad');
    await vi.waitFor(() => expect(left()).toBe(0), 60_000);
    expect(came).toHaveLength(5);
  });
});

describe('a subscription', () => {
  it('is gone after 31 days without use, unless it says that it never expires', async () => {
    await topic();
    await subscribe();
    await subscribe({ expirationPolicy: {} }, 'kept');
    expect((await ask('GET', at('subscriptions', 'work'))).json).toMatchObject({
      expirationPolicy: { ttl: '2678400s' },
    });
    now += 32 * 24 * 3_600_000;
    expect((await ask('GET', at('subscriptions', 'work'))).status).toBe(404);
    expect((await ask('GET', at('subscriptions', 'kept'))).json).toMatchObject({
      state: 'ACTIVE',
      expirationPolicy: {},
    });
  });

  it('is changed by a mask, of whole fields that may change', async () => {
    await topic();
    await subscribe();
    const path = at('subscriptions', 'work');
    const subscription = { name: path, ackDeadlineSeconds: 600, topic: at('topics', 'work') };
    expect((await ask('PATCH', path, { subscription, updateMask: 'ackDeadlineSeconds' })).json).toMatchObject({
      ...{ ackDeadlineSeconds: 600, pushConfig: { pushEndpoint: endpoint.url } },
    });
    expect((await ask('PATCH', path, { subscription, updateMask: 'topic' })).status).toBe(400);
    expect((await ask('PATCH', path, { subscription, updateMask: '' })).status).toBe(400);
  });

  it.each<[string, Fields]>([
    ['a deadline beyond ten minutes', { ackDeadlineSeconds: 601 }],
    ['a backoff beyond ten minutes', { retryPolicy: { minimumBackoff: '10s', maximumBackoff: '601s' } }],
    ['an address without TLS', { pushConfig: { pushEndpoint: 'http://digits.example.com/' } }],
    [
      'four tries before a dead letter',
      { deadLetterPolicy: { deadLetterTopic: at('topics', 'work'), maxDeliveryAttempts: 4 } },
    ],
    ['an end after an hour', { expirationPolicy: { ttl: '3600s' } }],
    ['messages kept for five minutes', { messageRetentionDuration: '300s' }],
  ])('is refused with %s', async (_what, more) => {
    await topic();
    expect((await subscribe(more)).status).toBe(400);
  });

  it.each(['ab', 'goog-work', '1work', 'a/b'])('and a topic are not named %j', async (id) => {
    await topic();
    const made = [await topic(id), await subscribe({}, id)].map(({ status }) => status);
    expect(made.every((status) => status === 400 || status === 404)).toBe(true);
    google.violations();
  });

  it('needs a topic that is there, and what its maker may attach and act as', async () => {
    expect((await subscribe()).status).toBe(404);
    await topic();
    for (const permission of [
      'pubsub.subscriptions.create',
      'pubsub.topics.attachSubscription',
      'iam.serviceAccounts.actAs',
    ]) {
      google.deny(permission);
      expect([permission, (await subscribe()).status]).toEqual([permission, 403]);
      google.allow(permission);
    }
    expect((await subscribe()).status).toBe(200);
    expect((await subscribe()).status).toBe(409);
  });

  it('keeps to its topic: one that is gone and made anew is another', async () => {
    await topic();
    await subscribe();
    await ask('DELETE', at('topics', 'work'));
    expect((await ask('GET', at('subscriptions', 'work'))).json).toMatchObject({ topic: '_deleted-topic_' });
    await topic();
    await publish('unseen');
    expect(left()).toBe(0);
  });
});

it('takes messages of ten megabytes in all, and none that are empty', async () => {
  await topic();
  expect((await publish('a'.repeat(7_000_000))).status).toBe(200);
  expect((await publish('a'.repeat(7_600_000))).status).toBe(400);
  expect((await publish('')).status).toBe(400);
  expect((await ask('POST', `${at('topics', 'none')}:publish`, { messages: [{ data: 'eA==' }] })).status).toBe(404);
});
