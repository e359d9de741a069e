import { silentLogger } from '../src/log.ts';
import { pointerKey } from '../src/model/layout.ts';
import { promoteVersion } from '../src/registry/promote.ts';
import { publishVersion } from '../src/registry/publish.ts';
import { openMemoryStore } from '../src/stores/memory.ts';
import type { Store } from '../src/stores/store.ts';
import type { Goal, Options } from './goal.ts';

/** Counts the requests that concern one key. */
function counting(store: Store, key: string): { store: Store; reads: () => number; writes: () => number } {
  let reads = 0;
  let writes = 0;
  const counted: Store = {
    ...{ url: store.url, scheme: store.scheme },
    list: (prefix) => store.list(prefix),
    remove: (k, when) => store.remove(k, when),
    signedUrl: (k, seconds) => store.signedUrl(k, seconds),
    get: ((k: string, options: { ifChanged: string }) => {
      if (k === key) reads += 1;
      return store.get(k, options);
    }) as Store['get'],
    head: (k) => {
      if (k === key) reads += 1;
      return store.head(k);
    },
    put: (k, body, when, meta) => {
      if (k === key) writes += 1;
      return store.put(k, body, when, meta);
    },
  };
  return { store: counted, reads: () => reads, writes: () => writes };
}

/** Requests on the pointer that an uncontended promotion makes. */
export async function promoting(_options: Options): Promise<Goal[]> {
  const store = openMemoryStore();
  const log = silentLogger;
  const now = () => new Date();
  const x = { name: 'x', dtype: 'float32' as const, shape: [1] };
  const head = { inputs: [x], outputs: [x], opset: 13, irVersion: 8, producer: '' };
  for (const version of ['1.0.0', '1.1.0']) {
    await publishVersion({
      ...{ store, model: 'm', version, head, log, now },
      files: [{ path: 'model.onnx', source: version }],
      modelPath: 'model.onnx',
      artifacts: [],
      sourceInfo: {},
      coldgateVersion: '0.0.0',
      readFile: async function* (source) {
        yield Buffer.from(source);
      },
    });
  }
  const gate = { verdict: 'none' as const };
  const mover = { model: 'm', actor: 'bench', gate, now, log };
  await promoteVersion({ ...mover, store, version: '1.0.0' });
  const counted = counting(store, pointerKey('m'));
  await promoteVersion({ ...mover, store: counted.store, version: '1.1.0' });
  const what = (kind: string) => `${kind} of the pointer in an uncontended promotion`;
  const goal = (kind: string, value: number): Goal => ({
    what: what(kind),
    peer: '',
    ours: String(value),
    theirs: '',
    value,
    limit: 1,
    unit: 'requests',
  });
  return [goal('reads', counted.reads()), goal('conditional writes', counted.writes())];
}
