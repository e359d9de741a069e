import { expect } from 'vitest';
import { fakeGcsBucket } from '../fakes/stores/fake-gcs.ts';
import { FaultProxy } from './fault-proxy.ts';
import { itOn } from './gaps.ts';
import { describeWith } from './servers.ts';

const piece = 256 * 1024;

/** Sends the first of two pieces, asks how far the upload has come, and sends the second. */
async function askInTheMiddle(endpoint: string, bucket: string): Promise<unknown[]> {
  const object = new URLSearchParams({ uploadType: 'resumable', name: 'large', ifGenerationMatch: '0' });
  const begun = await fetch(`${endpoint}/upload/storage/v1/b/${bucket}/o?${object}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'large' }),
  });
  const session = begun.headers.get('location')!;
  const put = async (range: string, bytes: number) => {
    const headers = { 'content-range': `bytes ${range}` };
    // A status of 308 has a location elsewhere, and is followed there.
    const answer = await fetch(session, { method: 'PUT', headers, body: new Uint8Array(bytes), redirect: 'manual' });
    const text = await answer.text();
    return [answer.status, answer.status === 308 ? answer.headers.get('range') : JSON.parse(text).size];
  };
  return [
    await put(`0-${piece - 1}/*`, piece),
    await put('*/*', 0),
    await put(`${piece}-${piece + 9}/${piece + 10}`, 10),
    await put('*/*', 0),
  ];
}

const asGoogle = [
  [308, `bytes=0-${piece - 1}`],
  [308, `bytes=0-${piece - 1}`],
  [200, String(piece + 10)],
  [200, String(piece + 10)],
];

describeWith('fake-gcs', 'an upload session of Google', () => {
  itOn('fake-gcs', 'goes on after it was asked how far it has come', async () => {
    const { url, endpoint } = await fakeGcsBucket();
    expect(await askInTheMiddle(endpoint!, new URL(url).hostname)).toEqual(asGoogle);
  });

  itOn('fake-gcs', 'goes on, behind the fault proxy, after it was asked how far it has come', async () => {
    const { url, endpoint } = await fakeGcsBucket();
    const proxy = await FaultProxy.before(endpoint!);
    expect(await askInTheMiddle(proxy.endpoint, new URL(url).hostname)).toEqual(asGoogle);
    await proxy.close();
  });
});
