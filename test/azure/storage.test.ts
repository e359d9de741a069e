import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Azure, openAzure } from './azure.ts';
import { Client } from './client.ts';

let azure: Azure;
let token: string;
let now = new Date();
beforeEach(async () => {
  azure = await openAzure({ now: () => now });
  azure.accounts.find('coldgatetest')?.containers.set('locks', { blobs: new Map(), metadata: {} });
  token = new Client(azure).tokenFor('https://storage.azure.com/');
});
afterEach(() => azure.close());

async function ask(method: string, headers: Record<string, string> = {}, query = '', path = 'locks/one') {
  const answer = await fetch(`${azure.urlOf('BLOBS')}/coldgatetest/${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'x-ms-version': '2021-12-02', ...headers },
  });
  await answer.arrayBuffer();
  return { status: answer.status, code: answer.headers.get('x-ms-error-code'), headers: answer.headers };
}
const put = (headers: Record<string, string> = {}) => ask('PUT', { 'x-ms-blob-type': 'BlockBlob', ...headers });
const lease = (action: string, headers: Record<string, string> = {}) =>
  ask('PUT', { 'x-ms-lease-action': action, ...headers }, '?comp=lease');
const minute = { 'x-ms-lease-duration': '60' };

it('creates a blob once, and replaces only the one that was meant', async () => {
  expect(await put({ 'if-none-match': '*' })).toMatchObject({ status: 201 });
  expect(await put({ 'if-none-match': '*' })).toMatchObject({ status: 409, code: 'BlobAlreadyExists' });
  const { headers } = await ask('HEAD');
  expect(await put({ 'if-match': headers.get('etag') ?? '' })).toMatchObject({ status: 201 });
  expect(await put({ 'if-match': headers.get('etag') ?? '' })).toMatchObject({ status: 412, code: 'ConditionNotMet' });
  expect(await ask('DELETE')).toMatchObject({ status: 202 });
  expect(await ask('GET')).toMatchObject({ status: 404, code: 'BlobNotFound' });
});

it('gives a lease to one at a time, until it is given back or over', async () => {
  await put();
  const first = (await lease('acquire', minute)).headers.get('x-ms-lease-id') ?? '';
  expect(await lease('acquire', minute)).toMatchObject({ status: 409, code: 'LeaseAlreadyPresent' });
  expect(await put()).toMatchObject({ status: 412, code: 'LeaseIdMissing' });
  expect(await put({ 'x-ms-lease-id': 'other' })).toMatchObject({ code: 'LeaseIdMismatchWithBlobOperation' });
  expect(await put({ 'x-ms-lease-id': first })).toMatchObject({ status: 201 });
  expect(await lease('renew', { 'x-ms-lease-id': first })).toMatchObject({ status: 200 });
  expect(await lease('release', { 'x-ms-lease-id': first })).toMatchObject({ status: 200 });
  expect(await lease('acquire', minute)).toMatchObject({ status: 201 });
  now = new Date(now.getTime() + 61_000);
  expect(await lease('acquire', { 'x-ms-lease-duration': '15' })).toMatchObject({ status: 201 });
  expect(await lease('renew', { 'x-ms-lease-id': first })).toMatchObject({ code: 'LeaseIdMismatchWithLeaseOperation' });
});

it('takes no lease of a length that there is none of, and none on what is not there', async () => {
  expect(await lease('acquire', minute)).toMatchObject({ status: 404 });
  await put();
  expect(await lease('acquire', { 'x-ms-lease-duration': '5' })).toMatchObject({ status: 400 });
});

it('takes tokens for storage, of who may', async () => {
  await put();
  azure.deny('Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read');
  expect(await ask('GET')).toMatchObject({ status: 403, code: 'AuthorizationPermissionMismatch' });
  expect(await put()).toMatchObject({ status: 201 });
  token = new Client(azure).token;
  expect(await put()).toMatchObject({ status: 401 });
});
