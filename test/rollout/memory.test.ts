import { silentLogger } from '../../src/log.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { rolloutTarget } from '../../src/rollout/rollout.ts';
import { targetContract } from '../contracts/target.ts';
import { MemoryService, memoryPlatform } from './memory-platform.ts';

const file = (digit: string): PackageFile => ({ path: '', sha256: digit.repeat(64), size: 1 });
const stored = (version: string, digit: string, factor: number) => ({
  version,
  sha256: digit.repeat(64),
  sample: { inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } },
});

targetContract('in memory', async () => {
  const versions: [ReturnType<typeof stored>, ReturnType<typeof stored>] = [
    stored('1.0.0', 'a', 2),
    stored('1.1.0', 'b', 3),
  ];
  const service = new MemoryService({
    pointer: '1.0.0',
    versions: new Map(
      versions.map(({ version, sha256, sample }) => [version, { sha256, factor: sample.outputs.y[0]! }]),
    ),
  });
  const name = 'digits-memory';
  const { signal } = new AbortController();
  return {
    target: rolloutTarget(memoryPlatform(service), { log: silentLogger, signal }),
    settings: { name, model: 'digits', storeVariables: {}, handlerVariables: { MODEL_REFRESH_SECONDS: '1' } },
    packages: [file('1'), file('2')],
    versions,
    point: (version) => {
      service.models.pointer = version;
    },
    crash: async ({ id }) => service.lose(name, id),
    running: async () => service.named(name),
    get: async (url) => {
      const { hostname, pathname, search } = new URL(url);
      const [, id = '', ...path] = pathname.split('/');
      const [of = ''] = hostname.split('.');
      const answer = service.answer(
        of,
        id === 'live' ? (service.functions.get(of)?.live ?? '') : id,
        `/${path.join('/')}${search}`,
      );
      return Response.json(answer.body, { status: answer.status });
    },
    close: async () => {},
  };
});
