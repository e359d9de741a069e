import type { Revision } from '../../src/rollout/target.ts';
import type { TargetBench } from '../contracts/target.ts';
import type { GoogleOptions } from './google.ts';
import { CloudRunBench, serviceName } from './target-bench.ts';

/** What a person at the console can do: make a revision, and give it our tag or all traffic. */
function moveByHand(bench: CloudRunBench, { id, role }: Revision): void {
  const service = bench.service!;
  const found = service.revisions.get(id)!;
  const short = `${serviceName}-00099-abc`;
  const template = { ...found.template, annotations: {} };
  service.revisions.set(short, { ...found, short, name: `${service.name}/revisions/${short}`, template });
  const moves = ({ revision, percent, tag }: { revision?: string; percent?: number; tag?: string }): boolean =>
    revision === id && (role === 'live' ? (percent ?? 0) > 0 : tag !== undefined);
  const move = <T extends object>(one: T): T => (moves(one) ? { ...one, revision: short } : one);
  service.spec.traffic = (service.spec.traffic ?? []).map(move);
  service.statuses = service.statuses.map(move);
}

export interface ContractOptions extends GoogleOptions {
  /** Further settings of the target, as models.yaml has them. */
  settings?: Record<string, unknown>;
  /** Makes the two builds that the contract deploys. Default: archives of the fake handler, started as a service. */
  packages?: (bench: CloudRunBench) => Promise<TargetBench['packages']>;
  /** Throws where what runs is not of the form that the settings ask for; called before everything is removed. */
  check?: (bench: CloudRunBench) => void;
}

/** A private service, as by default, for the contract of targets. */
export async function openContractBench(options: ContractOptions = {}): Promise<TargetBench> {
  const bench = await CloudRunBench.open(options);
  const { google } = bench;
  const target = await bench.target(options.settings);
  const [one, two] = bench.versions;
  const token = (url: string): string => google.context.iam.idToken(google.pipeline, url, new Date());
  const archives = async (): Promise<TargetBench['packages']> => [
    await bench.package(),
    await bench.package('another build'),
  ];
  return {
    target,
    settings: bench.settings,
    packages: await (options.packages?.(bench) ?? archives()),
    versions: [one!, two!],
    point: (version) => bench.store.point(version),
    crash: async (revision) => moveByHand(bench, revision),
    running: async () => {
      if (bench.service) options.check?.(bench);
      return (bench.service?.spec.traffic ?? []).filter(({ revision = '' }) => !/-[fs]-[0-9a-f]{10}$/.test(revision))
        .length;
    },
    get: (url) => fetch(url, { headers: { authorization: `Bearer ${token(bench.service?.uri ?? '')}` } }),
    close: async () => {
      await target.remove({ name: serviceName }, 'all');
      const left = [...google.run.services.keys()];
      await bench.close();
      if (left.length > 0) throw new Error(`removing the function has left ${left.join(', ')}`);
    },
  };
}
