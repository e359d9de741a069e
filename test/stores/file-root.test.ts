import { describe, expect, it } from 'vitest';
import { explain } from '../../src/stores/file/fault.ts';
import { rootOf } from '../../src/stores/file/root.ts';
import { openStore } from '../../src/stores/open.ts';
import { errorCode } from '../fakes/stores/error-code.ts';

describe('the URL of a file store', () => {
  it.each([
    ['file:///srv/models', '/srv/models'],
    ['file:/srv/models', '/srv/models'],
    ['FILE:///srv/models', '/srv/models'],
    ['file://localhost/srv/models', '/srv/models'],
    ['file:///srv/models/', '/srv/models'],
    ['file:///srv/./a/../models', '/srv/models'],
    ['file:///srv/100%25%20%23%3F%20m%C3%B6del', '/srv/100% #? mödel'],
    ['file:///srv/with space', '/srv/with space'],
    ['file:///srv/%252e', '/srv/%2e'],
  ])('%s is the folder %s', (url, path) => {
    expect(rootOf({ url })).toBe(path);
  });

  it.each([
    'file:models',
    'file:./models',
    'file:../models',
    'file://models/a',
    'file://server/share',
    'file:',
    'file:///srv/models?versions',
    'file:///srv/models#1',
    'file:///srv/a%2Fb',
    'file:///srv/a%00b',
    'file:///srv/%E0%A4%A',
    '/srv/models',
  ])('%s is refused', async (url) => {
    expect(() => rootOf({ url })).toThrow(expect.objectContaining({ code: 'bad-input', exit: 2 }));
  });

  it('is refused together with settings that a folder cannot honour, all named at once', () => {
    const settings = { url: 'file:models', region: 'eu-west-1', kmsKey: 'k' };
    const problems = ['store.url', 'store.region', 'store.kms-key'].map((path) => expect.objectContaining({ path }));
    expect(() => rootOf(settings)).toThrow(expect.objectContaining({ problems }));
  });
});

describe('opening a store', () => {
  it.each([
    ['file:///srv/models', 'file'],
    ['s3://bucket/models', 's3'],
    ['gs://bucket/models', 'gs'],
    ['azure://account/container/models', 'azure'],
  ])('chooses the driver of %s by its scheme', async (url, scheme) => {
    const region = scheme === 's3' ? { region: 'eu-west-1' } : {};
    expect(await openStore({ url, ...region })).toMatchObject({ scheme, url });
  });

  it.each(['http://example.com/models', 'ftp://x', 'memory:', 'models', '', ':', '//server/x'])(
    'refuses %j as no store at all',
    async (url) => {
      expect(await errorCode(openStore({ url }))).toBe('unknown-store');
    },
  );
});

describe('what the system refuses', () => {
  const fault = (code: string) => Object.assign(new Error(code), { code, syscall: 'open' });

  it.each([
    ['ENOSPC', 'store-unavailable', 1],
    ['EDQUOT', 'store-unavailable', 1],
    ['EIO', 'store-unavailable', 1],
    ['EMFILE', 'store-unavailable', 1],
    ['EXDEV', 'store-unavailable', 1],
    ['EACCES', 'denied', 8],
    ['EPERM', 'denied', 8],
    ['EROFS', 'denied', 8],
    ['ENOTDIR', 'key-conflict', 6],
    ['EISDIR', 'key-conflict', 6],
    ['ENAMETOOLONG', 'bad-key', 2],
  ])('%s is %s with exit %i, and keeps store, key and cause', (code, expected, exit) => {
    const cause = fault(code);
    const where = { store: 'file:///srv/models', key: 'digits/current.json' };
    expect(explain(cause, 'publish', where)).toMatchObject({ code: expected, exit, cause, ...where });
  });

  it('is told apart from errors that are not the system’s', () => {
    const own = new TypeError('a fault of the caller');
    expect(explain(own, 'publish', { store: 'file:///srv/models' })).toBe(own);
  });
});
