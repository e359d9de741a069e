import { silentLogger } from '../src/log.ts';
import { publishVersion } from '../src/registry/publish/publish.ts';
import type { Store } from '../src/stores/store.ts';

/** Publishes a version of a few bytes a file, where what counts is how often the store is asked. */
export async function publishSmallVersion(
  store: Store,
  model: string,
  version: string,
  paths: readonly string[],
): Promise<void> {
  const x = { name: 'x', dtype: 'float32' as const, shape: [1] };
  const head = { inputs: [x], outputs: [x], opset: 13, irVersion: 8, producer: '' };
  await publishVersion({
    ...{ store, model, version, head, log: silentLogger, now: () => new Date() },
    files: paths.map((path) => ({ path, source: `${path} ${version}` })),
    modelPath: 'model.onnx',
    artifacts: [],
    sourceInfo: {},
    coldgateVersion: '0.0.0',
    readFile: async function* (source) {
      yield Buffer.from(source);
    },
  });
}
