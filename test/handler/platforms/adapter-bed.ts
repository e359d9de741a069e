import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { encodeModel, node, tensorType, tinyModel, tinySample, value } from '../../fixtures/onnx.ts';
import { addAzureFiles, addNativeFiles } from '../function-process.ts';
import { ModelStore } from '../model/model-store.ts';

const scripts = join(import.meta.dirname, '../../../scripts');
const load = (name: string): Promise<unknown> => import(pathToFileURL(join(scripts, name)).href);

/** The bundled function beside its native runtime, and a store and variables as the contract of handlers wants them. */
export interface AdapterBed {
  bundle: string;
  variables: Record<string, string>;
  store: ModelStore;
  remove(): void;
}

const oneNode = (op: string, dtype: 'uint8' | 'int64' | 'string', inputs: string[], more: Uint8Array[] = []): Buffer =>
  encodeModel({
    inputs: [value('x', tensorType(dtype, ['n']))],
    outputs: [value('y', tensorType(dtype, ['n']))],
    nodes: [node(op, inputs, ['y'])],
    initializers: more,
  });

export async function openAdapterBed(): Promise<AdapterBed> {
  const bundle = mkdtempSync(join(tmpdir(), 'coldgate-adapters-'));
  const store = new ModelStore();
  const { buildHandler } = (await load('build-handler.mjs')) as {
    buildHandler(options: { outdir: string }): Promise<void>;
  };
  await buildHandler({ outdir: bundle });
  addNativeFiles(bundle);
  addAzureFiles(bundle);
  const { table } = await import('../../fixtures/handler-table.ts');
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
  const models = {
    bytes: oneNode('Identity', 'uint8', ['x']),
    text: oneNode('Identity', 'string', ['x']),
    picky: oneNode('Gather', 'int64', ['table', 'x'], [table]),
  };
  for (const [name, model] of Object.entries(models)) store.promote(store.publish(name, '1.0.0', { model }));
  const variables = {
    MODEL_STORE: 'file',
    MODEL_PREFIX: store.root,
    MODEL_NAME: 'tiny',
    MODEL_CACHE: join(bundle, 'cache'),
    COLDGATE_MODELS: 'bytes,text,picky,absent',
    COLDGATE_PAGE: 'true',
    COLDGATE_MAX_PAYLOAD_KB: '64',
    COLDGATE_CORS: 'https://app.example',
  };
  const remove = (): void => {
    rmSync(bundle, { recursive: true, force: true });
    store.remove();
  };
  return { bundle, variables, store, remove };
}
