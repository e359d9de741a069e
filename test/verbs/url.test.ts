import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreSettings } from '../../src/config/types.ts';
import { FaultProxy } from '../emulators/fault-proxy.ts';
import { describeWith } from '../emulators/servers.ts';
import { cloudEnvironment, cloudStore } from '../fakes/registry/cloud.ts';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

function useStore(settings: StoreSettings): void {
  const path = project.path('models.yaml');
  const text = readFileSync(path, 'utf8').replace(/store: "file:store"/, `store: ${JSON.stringify(settings)}`);
  writeFileSync(path, text);
}

interface Links {
  version: string;
  'expires-at': string;
  files: { path: string; url: string; sha256: string; size: number }[];
}
const run = (...args: string[]) => runInProcess(project.folder, args);
const links = async (...args: string[]): Promise<Links> => {
  const ended = await run('url', ...args);
  expect(ended).toMatchObject({ exit: 0, message: '' });
  return ended.document as Links;
};
const minutesUntil = (time: string) => (Date.parse(time) - Date.now()) / 60_000;

describeWith('radosgw', 'coldgate url on a server that checks signatures', () => {
  cloudEnvironment('radosgw');
  beforeEach(async () => {
    project.release({ outside: true });
    useStore(await cloudStore('radosgw'));
    expect(await run('publish')).toMatchObject({ exit: 0 });
  });

  it('links every file of a version, the model first, and each link reads the bytes of its digest', async () => {
    const { version, files, 'expires-at': end } = await links();
    expect([version, files[0]?.path, files.at(-1)?.path]).toEqual(['1.0.0', 'model.onnx', 'manifest.json']);
    expect(files.map(({ path }) => path)).toContain('digits.onnx.data');
    expect(minutesUntil(end)).toBeGreaterThan(58);
    for (const { url, sha256, size } of files) {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect([createHash('sha256').update(bytes).digest('hex'), bytes.length]).toEqual([sha256, size]);
      expect((await fetch(url.replace(/Signature=..../, 'Signature=0000'))).status).toBe(403);
    }
  });

  it('links the files that are asked for, of what is live', async () => {
    const none = await run('url', '--live');
    expect(none).toMatchObject({ exit: 2, message: expect.stringContaining('nothing of digits is live') });
    expect(await run('promote', '--gate', 'skip')).toMatchObject({ exit: 0 });
    expect((await links('--live', '--path', 'model.onnx')).files.map(({ path }) => path)).toEqual(['model.onnx']);
    expect(await run('url', '--path', 'weights.bin')).toMatchObject({
      exit: 2,
      message: expect.stringContaining('It has model.onnx'),
    });
    expect(await run('url', '--version', '9.9.9')).toMatchObject({ exit: 2 });
  });

  it('ends with the session that signs: longer is refused, and what is asked for by default is as long as it can be', async () => {
    const session = new Date(Math.floor(Date.now() / 1000) * 1000 + 10 * 60_000).toISOString();
    vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', session);
    const refused = await run('url', '--expires', '12h');
    expect(refused).toMatchObject({ exit: 2, message: expect.stringContaining(session) });
    expect(refused.message).toContain('role-duration-seconds');
    expect((await links())['expires-at']).toBe(session);
    expect(minutesUntil((await links('--expires', '5m'))['expires-at'])).toBeLessThan(5.1);
  });

  it.each(['8d', '0s', '169h'])('is not made for %s', async (expires) => {
    expect((await run('url', '--expires', expires)).exit).toBe(2);
  });

  it('reads a byte by each link: one that the store refuses is named with what the store says, and --no-check leaves that out', async () => {
    const settings = await cloudStore('radosgw');
    const proxy = await FaultProxy.before(settings.endpoint as string);
    const path = project.path('models.yaml');
    const text = readFileSync(path, 'utf8').replace(
      /store: .*(?=, target)/,
      `store: ${JSON.stringify({ ...settings, endpoint: proxy.endpoint })}`,
    );
    writeFileSync(path, text);
    expect(await run('publish')).toMatchObject({ exit: 0 });
    const body = '<Error><Code>AccessDenied</Code><Message>Links are too old here</Message></Error>';
    proxy.script = ({ query }) =>
      query.has('X-Amz-Signature') ? { kind: 'rewrite', status: 403, body: () => body } : undefined;
    expect(await run('url')).toMatchObject({
      ...{ exit: 8, code: 'url-refused' },
      message: expect.stringContaining('AccessDenied: Links are too old here'),
    });
    expect(await run('url', '--no-check')).toMatchObject({ exit: 0 });
    await proxy.close();
  });
});

describe('coldgate url on a folder', () => {
  it('has no links to make', async () => {
    expect(await run('publish')).toMatchObject({ exit: 0 });
    expect(await run('url')).toMatchObject({ exit: 2, code: 'unsupported' });
  });
});
