import { join } from 'node:path';
import { lacksPrograms, run } from './commands.ts';
import { startDetached, startOnFreePort } from './processes.ts';
import type { Server, ServerPart } from './server-part.ts';

export const fakeGcs: ServerPart = {
  name: 'fake-gcs',
  version: '1.55.1',
  from: 'Go',
  lacks: () => lacksPrograms('go'),
  install: async (folder) => {
    const env = { ...process.env, GOBIN: folder };
    await run('go', ['install', 'github.com/fsouza/fake-gcs-server@v1.55.1'], { env, timeoutMs: 15 * 60_000 });
  },

  start: (folder, work) =>
    startOnFreePort((port) => {
      const log = join(work, 'log');
      const address = `127.0.0.1:${port}`;
      const where = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
      // It hands out addresses for resumable uploads and media: they must lead back here.
      const names = ['-public-host', address, '-external-url', `http://${address}`];
      const how = ['-backend', 'memory', '-log-level', 'error'];
      const args = [...where, ...names, ...how];
      return { process: startDetached(join(folder, 'fake-gcs-server'), args, { cwd: work, log }), log };
    }),

  env: (endpoint) => ({ STORAGE_EMULATOR_HOST: endpoint, GOOGLE_CLOUD_PROJECT: 'coldgate-tests' }),
  probe,
};

type Put = (name: string, body: string, generation: string) => Promise<Response>;

/** In one request of two parts, as the SDK does for bytes. (Its uploadType=media ignores conditions: nobody uses it.) */
const inOneRequest =
  (bucket: string): Put =>
  (name, body, ifGenerationMatch) => {
    const query = new URLSearchParams({ uploadType: 'multipart', name, ifGenerationMatch });
    const parts = [
      `--edge\r\ncontent-type: application/json\r\n\r\n${JSON.stringify({ name })}`,
      `--edge\r\ncontent-type: text/plain\r\n\r\n${body}`,
      '--edge--',
    ];
    const headers = { 'content-type': 'multipart/related; boundary=edge' };
    return fetch(`${bucket}?${query}`, { method: 'POST', headers, body: parts.join('\r\n') });
  };

/** In a session, as the SDK does for streams. */
const inSession =
  (bucket: string): Put =>
  async (name, body, ifGenerationMatch) => {
    const query = new URLSearchParams({ uploadType: 'resumable', name, ifGenerationMatch });
    const headers = { 'content-type': 'application/json' };
    const begun = await fetch(`${bucket}?${query}`, { method: 'POST', headers, body: JSON.stringify({ name }) });
    const session = begun.headers.get('location');
    return session ? fetch(session, { method: 'PUT', body }) : begun;
  };

async function probe({ endpoint }: Server): Promise<string[]> {
  const name = `probe-${process.pid}`;
  const buckets = `${endpoint}/storage/v1/b`;
  const created = await fetch(`${buckets}?project=coldgate-tests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!created.ok) throw new Error(`it answered ${created.status} to the creation of a bucket`);
  const upload = `${endpoint}/upload/storage/v1/b/${name}/o`;
  const accepted = [
    ...(await probeObject(`${buckets}/${name}/o`, 'one', inOneRequest(upload))),
    ...(await probeObject(`${buckets}/${name}/o`, 'two', inSession(upload))),
  ];
  await fetch(`${buckets}/${name}`, { method: 'DELETE' });
  return accepted;
}

async function probeObject(objects: string, name: string, put: Put): Promise<string[]> {
  const first = await put(name, 'first', '0');
  const { generation: stale } = (await first.json()) as { generation: string };
  if (!first.ok || !stale) throw new Error(`it answered ${first.status} to a create`);
  const second = await put(name, 'second', stale);
  if (!second.ok) throw new Error(`it answered ${second.status} to an update with the right generation`);
  const accepted: string[] = [];
  if ((await put(name, 'other', '0')).ok) accepted.push('a create over an object that exists');
  if ((await put(name, 'other', stale)).ok) accepted.push('an update with a stale generation');
  const now = await (await fetch(`${objects}/${name}?alt=media`)).text();
  if (now !== 'second' && accepted.length === 0) accepted.push(`a write that it had refused: the object is ${now}`);
  await fetch(`${objects}/${name}`, { method: 'DELETE' });
  return accepted;
}
