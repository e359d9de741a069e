import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModelCache } from '../../../src/handler/model/model-cache.ts';
import { obtainFile } from '../../../src/handler/model/obtain-file.ts';
import { readDocument } from '../../../src/handler/model/read-document.ts';
import { openHttpsReader } from '../../../src/handler/readers/https.ts';
import { defaultLimits } from '../../../src/handler/readers/limits.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { ObjectServer } from '../../fakes/handler/object-server.ts';
import { madeBytes } from '../../fakes/stores/bodies.ts';
import type { Answer } from '../../fakes/stores/script-server.ts';

const [first, second] = [madeBytes(300_000, 1), madeBytes(300_000, 2)];
let server: ObjectServer;
let folder: string;
beforeEach(async () => {
  server = await new ObjectServer(first).start();
  folder = mkdtempSync(join(tmpdir(), 'coldgate-reread-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
const limits = { ...defaultLimits, largeBytes: 200_000, partBytes: 50_000, waitMs: 5 };
const open = () => openHttpsReader(`${server.endpoint}/model.onnx`, 'model.onnx', limits);
/** The right answer, with the object replaced before it. */
const replacing: Answer = (request, response) => {
  server.replace(second, '"v2"');
  response.writeHead(412).end(request.body);
};

describe('an object that is replaced while it is read', () => {
  it('is read again as a whole: a file', async () => {
    server.on('part', replacing, replacing, replacing, (request, response) => {
      response.end(server.begin(request, response));
    });
    const wanted = { key: 'model.onnx', extension: 'onnx', expected: undefined } as const;
    const file = await obtainFile(open(), openModelCache(folder), wanted);
    expect(file.sha256).toBe(sha256(second));
    expect(readFileSync(file.path).equals(second)).toBe(true);
    expect(server.of('whole')).toHaveLength(2);
  });

  it('is read again as a whole: a document', async () => {
    server.bytes = Buffer.from('{"old":1}');
    server.on('whole', server.cutAfter(3), (request, response) => void response.end(server.begin(request, response)));
    server.on('part', (_request, response) => {
      server.replace(Buffer.from('{"new":1}'), '"v2"');
      response.writeHead(412).end();
    });
    const { bytes, token } = await readDocument(open(), 'model.onnx', undefined);
    expect([Buffer.from(bytes).toString(), token]).toEqual(['{"new":1}', 'https:"v2"']);
  });

  it('is given up when that happens again', async () => {
    server.on('part', { status: 412 });
    const wanted = { key: 'model.onnx', extension: 'onnx', expected: undefined } as const;
    const obtaining = obtainFile(open(), openModelCache(folder), wanted);
    await expect(obtaining).rejects.toMatchObject({ name: 'ReplacedError', code: 'store-unavailable' });
    expect(server.of('whole')).toHaveLength(2);
  });
});
