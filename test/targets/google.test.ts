import type { Revision } from '../../src/rollout/target.ts';
import { type TargetBench, targetContract } from '../contracts/target.ts';
import { CloudRunBench, serviceName } from '../google/target-bench.ts';

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

/** A private service, as by default, whose routes lag behind what the API says of them. */
async function openBench(): Promise<TargetBench> {
  const bench = await CloudRunBench.open({ knobs: { tagLag: 1, trafficLag: 3, looks: 1, deletedNamesTaken: true } });
  const { google } = bench;
  const target = await bench.target();
  const [one, two] = bench.versions;
  const token = (url: string): string => google.world.iam.idToken(google.pipeline, url, new Date());
  return {
    target,
    settings: bench.settings,
    packages: [await bench.package(), await bench.package('another build')],
    versions: [one!, two!],
    point: (version) => bench.store.point(version),
    crash: async (revision) => moveByHand(bench, revision),
    running: async () =>
      (bench.service?.spec.traffic ?? []).filter(({ revision = '' }) => !/-[fs]-[0-9a-f]{10}$/.test(revision)).length,
    get: (url) => fetch(url, { headers: { authorization: `Bearer ${token(bench.service?.uri ?? '')}` } }),
    close: async () => {
      await target.remove({ name: serviceName }, 'all');
      const left = [...google.run.services.keys()];
      await bench.close();
      if (left.length > 0) throw new Error(`removing the function has left ${left.join(', ')}`);
    },
  };
}

targetContract('google-cloud-run', openBench);
