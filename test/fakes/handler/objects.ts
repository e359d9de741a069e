import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ObjectsFake {
  /** For AWS_ENDPOINT_URL_S3. */
  endpoint: string;
  /** By `/bucket/key`. */
  objects: Map<string, Buffer>;
  requests: { method: string; path: string; headers: Record<string, unknown> }[];
  close(): Promise<void>;
}

export const etagOf = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** Stands in for S3's conditions alone, for objects of one piece; signatures are kept to be looked at, not checked. */
export async function openObjectsFake(): Promise<ObjectsFake> {
  const objects: ObjectsFake['objects'] = new Map();
  const requests: ObjectsFake['requests'] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = decodeURIComponent((request.url ?? '').split('?')[0]!);
    const { method = '', headers } = request;
    requests.push({ method, path, headers });
    const found = objects.get(path);
    const stale = found && 'if-match' in headers && headers['if-match'] !== `"${etagOf(found)}"`;
    const isPut = method === 'PUT';
    if (isPut && !found) objects.set(path, Buffer.concat(chunks));
    const body = method === 'GET' && found && !stale ? found : Buffer.alloc(0);
    response.writeHead(isPut ? (found ? 412 : 200) : !found ? 404 : stale ? 412 : 200, {
      'content-length': body.byteLength,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
