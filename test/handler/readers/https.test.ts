import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLoopback, isOnMachine, isPrivateAddress } from '../../../src/handler/readers/hosts.ts';
import { openHttpsReader } from '../../../src/handler/readers/https.ts';
import { defaultLimits, type Limits } from '../../../src/handler/readers/limits.ts';
import { send } from '../../../src/handler/readers/transport.ts';
import { bytesOf, readerContract } from '../../contracts/reader.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { madeBytes } from '../../fakes/stores/bodies.ts';
import { newCertificate, trustedCertificate } from '../../fakes/stores/certificate.ts';
import type { Answer } from '../../fakes/stores/script-server.ts';

const tls = trustedCertificate();
const quick: Limits = { ...defaultLimits, stallMs: 500, waitMs: 5 };
const bytes = madeBytes(100_003);
const signature = 'X-Amz-Signature=secret-of-the-tests&X-Amz-Expires=60';

readerContract(
  'the reader of signed URLs',
  async (limits) => {
    const server = await new ObjectServer(new Uint8Array(), tls).start();
    let version = 0;
    return {
      reader: openHttpsReader(`${server.endpoint}/a/model.onnx?${signature}`, 'model.onnx', limits),
      put: async (_key, stored) => server.replace(stored, `"v${++version}"`),
      close: () => server.close(),
    };
  },
  { only: 'model.onnx' },
);

let server: ObjectServer;
beforeEach(async () => {
  server = await new ObjectServer(bytes, tls).start();
});
afterEach(() => server.close());
const url = () => `${server.endpoint}/a/model.onnx?${signature}`;
const open = (isPrivate?: (address: string) => boolean) => openHttpsReader(url(), 'model.onnx', quick, isPrivate);
const read = async (isPrivate?: (address: string) => boolean) => bytesOf(await open(isPrivate).read('model.onnx'));
const to = (location: string, status = 302): Answer => ({ status, headers: { location } });
const right: Answer = (request, response) => void response.end(server.begin(request, response));
const lost = (what: string) => ({
  code: 'store-unavailable',
  message: `${server.endpoint}/a/model.onnx ${what}, which is not followed.`,
});

describe('a signed URL', () => {
  it('is asked for as it is, with nothing added', async () => {
    expect((await read()).equals(bytes)).toBe(true);
    const [{ query, headers } = { query: new URLSearchParams(), headers: {} }] = server.received;
    expect(query.toString()).toBe(signature);
    expect(Object.keys(headers).sort()).toEqual(['connection', 'host']);
  });

  it('is in no message and not in the name of the reader', async () => {
    expect(open().url).toBe(`${server.endpoint}/a/model.onnx`);
    for (const answer of [
      { status: 403, body: signature },
      { status: 404 },
      { status: 500 },
      to(`http://x/?${signature}`),
    ]) {
      server.on('whole', answer);
      const failed = await read().catch((error) => error);
      expect(failed.name).toBe('LoadError');
      expect(`${failed.message} ${failed.stack}`).not.toContain('secret-of-the-tests');
    }
  });

  it('that is refused is said to have expired', async () => {
    server.on('whole', { status: 403 });
    await expect(read()).rejects.toMatchObject({ code: 'store-denied', message: expect.stringContaining('expired') });
  });

  it.each([
    [400, '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>'],
    [403, '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'],
    [400, '<Error><Code>ExpiredToken</Code><Details>Request signature expired at: 2026-01-01</Details></Error>'],
    [
      403,
      '<Error><AuthenticationErrorDetail>Signature not valid in the specified time frame</AuthenticationErrorDetail></Error>',
    ],
  ])('has expired where the store says so with %i %s', async (status, body) => {
    server.on('whole', { status, body });
    await expect(read()).rejects.toMatchObject({
      code: 'store-denied',
      message: expect.stringMatching(/MODEL_URI has expired.*cannot renew it/),
    });
  });

  it('reads files beside its object under their paths, with the same query, and nothing outside of its folder', async () => {
    expect((await bytesOf(await open().read('weights/a.bin'))).equals(bytes)).toBe(true);
    expect([server.received[0]?.path, server.received[0]?.query.toString()]).toEqual(['/a/weights/a.bin', signature]);
    await expect(open().read('../other.onnx')).rejects.toMatchObject({ code: 'model-not-found' });
  });

  it('is resumed where its server tells versions apart, and only there', async () => {
    server.on('whole', server.cutAfter(50_000));
    expect((await read()).equals(bytes)).toBe(true);
    expect(server.of('part')[0]?.headers).toMatchObject({ range: 'bytes=50000-100002', 'if-match': '"v1"' });
    server.etag = 'W/"v1"';
    await expect(read()).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('50000'),
    });
  });
});

describe('redirects', () => {
  it('are followed three times', async () => {
    server.on('whole', to(url()), to('/elsewhere?other', 307), to(`${server.endpoint}/last`, 308), right);
    expect((await read()).equals(bytes)).toBe(true);
    expect(server.received.map(({ path, query }) => `${path}?${query}`)).toEqual([
      `/a/model.onnx?${signature}`,
      `/a/model.onnx?${signature}`,
      '/elsewhere?other=',
      '/last?',
    ]);
    server.on('whole', to(url()));
    await expect(read()).rejects.toMatchObject(lost('redirects more than 3 times'));
  });

  it.each([
    ['http://127.0.0.1:1/', 'redirects to what is not https'],
    ['file:///etc/passwd', 'redirects to what is not https'],
    ['https://user:secret@127.0.0.1/', 'redirects to a URL with credentials'],
    ['https://[', 'redirects to no URL'],
  ])('to %s are not followed', async (location, what) => {
    server.on('whole', to(location));
    await expect(read()).rejects.toMatchObject(lost(what));
  });

  it('from outside do not lead inside', async () => {
    const other = await new ObjectServer(bytes, tls).start();
    server.on('whole', to(`https://localhost:${new URL(other.endpoint).port}/x`));
    // To the test, loopback is outside when it is asked first, and inside when it is led to.
    let requests = 0;
    const inside = (): boolean => requests++ > 0;
    await expect(read(inside)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('private network'),
    });
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('inside may lead inside', async () => {
    server.on('whole', to(`${server.endpoint}/x`), right);
    expect((await read()).equals(bytes)).toBe(true);
  });
});

describe('what requests may go to', () => {
  it.each(['localhost', '127.0.0.1'])('is refused before %s hears of it', async (host) => {
    const origin = new URL(`https://${host}:${new URL(server.endpoint).port}`);
    const asking = send({ method: 'GET', origin, path: '/', headers: {}, refuses: isPrivateAddress });
    await expect(asking).rejects.toMatchObject({ name: 'TransportError', passing: false });
    expect(server.received).toEqual([]);
  });

  const places: [string, boolean, boolean, boolean][] = [
    ['localhost', true, true, false],
    ['127.0.0.1', true, true, true],
    ['127.9.9.9', true, true, true],
    ['[::1]', true, true, false],
    ['::1', true, true, true],
    ['169.254.169.254', false, true, true],
    ['169.254.170.2', false, true, true],
    ['fd00:ec2::254', false, true, true],
    ['fe80::1', false, true, true],
    ['10.1.2.3', false, false, true],
    ['172.31.0.1', false, false, true],
    ['192.168.1.1', false, false, true],
    ['100.64.0.1', false, false, true],
    ['0.0.0.0', false, false, true],
    ['::ffff:10.0.0.1', false, false, true],
    ['::ffff:127.0.0.1', true, true, true],
    ['fc00::1', false, false, true],
    ['224.0.0.1', false, false, true],
    ['172.32.0.1', false, false, false],
    ['8.8.8.8', false, false, false],
    ['2606:4700::1111', false, false, false],
    ['localhost.evil.example', false, false, false],
    ['127.0.0.1.evil.example', false, false, false],
  ];
  it.each(places)('%s: loopback %s, on the machine %s, private %s', (host, loopback, machine, isPrivate) => {
    expect([isLoopback(host), isOnMachine(host), isPrivateAddress(host)]).toEqual([loopback, machine, isPrivate]);
  });
});

describe('a certificate', () => {
  it('that nobody vouches for is refused, once, with what to do', async () => {
    const other = await new ObjectServer(bytes, newCertificate()).start();
    const reading = openHttpsReader(`${other.endpoint}/model.onnx`, 'model.onnx', quick).read('model.onnx');
    await expect(reading).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); NODE_EXTRA_CA_CERTS/),
    });
    expect(other.received).toEqual([]);
    await other.close();
  });

  it('of another name is refused', async () => {
    const reading = openHttpsReader(url().replace('127.0.0.1', 'localhost'), 'model.onnx', quick).read('model.onnx');
    const message = expect.stringContaining('certificate is not trusted') as unknown;
    await expect(reading).rejects.toMatchObject({ code: 'store-unavailable', message });
  });
});
