import type { Revision } from '../../src/rollout/target.ts';
import type { TargetBench } from '../contracts/target.ts';
import type { AzureOptions } from './azure.ts';
import { AzureBench, functionName } from './target-bench.ts';

/** What a person at the portal can do: remove the app of a candidate, or have a live one report another revision. */
async function crash(bench: AzureBench, { url, role }: Revision): Promise<void> {
  const site = bench.sites().find(({ servers }) => servers.app.url === url)!;
  if (role === 'candidate') return bench.azure.web.remove(site);
  site.settings.set('COLDGATE_REVISION', 'by-hand');
  bench.azure.web.update(site);
}

/** Apps with keys, as by default, for the contract of targets. */
export async function openContractBench(
  options: AzureOptions & { settings?: Record<string, unknown> } = {},
): Promise<TargetBench> {
  const bench = await AzureBench.open(options);
  const target = await bench.target();
  const [one, two] = bench.versions;
  return {
    target,
    settings: bench.settings,
    packages: [bench.package(), bench.package('another build')],
    versions: [one!, two!],
    point: (version) => bench.store.point(version),
    crash: (revision) => crash(bench, revision),
    // A slot has what was live before, as the way back.
    running: async () => bench.sites('live').length + bench.sites('candidate').length,
    get: (url) => fetch(url, { headers: bench.keyFor(url) }),
    close: async () => {
      await target.remove({ name: functionName }, 'all');
      const left = bench.leftovers();
      await bench.close();
      if (left.length > 0) throw new Error(`removing the function has left ${left.join(', ')}`);
    },
  };
}
