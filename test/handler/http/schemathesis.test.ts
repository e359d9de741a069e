import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePart } from '../../emulators/servers.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { bringPart } from '../bring-part.ts';
import { FunctionProcess } from '../function-process.ts';
import { type AdapterBed, openAdapterBed } from '../platforms/adapter-bed.ts';
import { schemathesis, schemathesisCommand } from './schemathesis.ts';

const wide = (dtype: 'int64' | 'float16' | 'bool'): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, ['n']))],
    outputs: [value('y', tensorType(dtype, ['n']))],
  });
const models = { long: wide('int64'), half: wide('float16'), flags: wide('bool') };

/** Not waited for in one go: the function's log has to be read meanwhile. */
const finished = (program: string, given: string[], options: object) =>
  new Promise<{ status: number; output: string }>((resolve) => {
    execFile(program, given, { encoding: 'utf8', ...options }, (error, out, noise) =>
      resolve({ status: error ? 1 : 0, output: `${out}${noise}` }),
    );
  });

describePart(
  'schemathesis',
  await bringPart(schemathesis),
  'the OpenAPI document, by requests that are made of it,',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-schemathesis-'));
    let bed: AdapterBed;
    let one: FunctionProcess;
    let port: number;
    beforeAll(async () => {
      bed = await openAdapterBed();
      for (const [name, model] of Object.entries(models))
        bed.store.promote(bed.store.publish(name, '1.0.0', { model }));
      const names = ['bytes', 'text', ...Object.keys(models)].join(',');
      one = new FunctionProcess(bed.bundle, { ...bed.variables, COLDGATE_MODELS: names });
      ({ port } = await one.listening());
    });
    afterAll(async () => {
      await one?.stop();
      bed?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const checks = [
      ...['positive_data_acceptance', 'not_a_server_error', 'status_code_conformance'],
      ...['content_type_conformance', 'response_schema_conformance'],
    ];
    it.each(['tiny', 'bytes', 'text', 'long', 'half', 'flags'])('is kept for %s', async (name) => {
      const [program, ...first] = schemathesisCommand();
      const base = `http://127.0.0.1:${port}`;
      const document = `${base}/v1/models/${name}/openapi.json`;
      const bounds = [
        '--max-examples',
        '20',
        '--seed',
        '1',
        '--generation-database',
        'none',
        '--phases',
        'examples,fuzzing',
      ];
      const how = ['--url', base, '--mode', 'positive', '--checks', checks.join(','), ...bounds, '--no-color'];
      const run = await finished(program, [...first, 'run', document, ...how], {
        cwd: folder,
        env: {
          ...process.env,
          SCHEMATHESIS_HOOKS: 'schemathesis_hooks',
          PYTHONPATH: join(import.meta.dirname, '../../fixtures'),
        },
      });
      expect(run.status, run.output).toBe(0);
      expect(run.output).toMatch(/[1-9]\d* generated|[1-9]\d* passed/);
    });
  },
);
