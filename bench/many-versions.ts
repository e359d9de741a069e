import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../src/log.ts';
import { promoteVersion } from '../src/registry/pointer/promote.ts';
import { openS3Store } from '../src/stores/s3.ts';
import type { Store } from '../src/stores/store.ts';
import { FaultProxy } from '../test/emulators/fault-proxy.ts';
import type { Server } from '../test/emulators/servers.ts';
import { Project } from '../test/fixtures/project.ts';
import { coldgate } from './coldgate.ts';
import { type Goal, median, type Options } from './goal.ts';
import { onS3, s3Bucket, s3Server, useS3 } from './s3-server.ts';
import { publishSmallVersion } from './small-version.ts';

const latencyMs = 20;

/** So many versions of a model and its sample, the newest of them promoted one after the other. */
async function fill(store: Store, count: number): Promise<void> {
  const [log, now] = [silentLogger, () => new Date()];
  const publish = (version: string) => publishSmallVersion(store, 'digits', version, ['model.onnx', 'sample.json']);
  const versions = Array.from({ length: count }, (_, at) => `1.${at}.0`);
  for (let at = 0; at < count; at += 8) await Promise.all(versions.slice(at, at + 8).map(publish));
  for (const version of versions.slice(-5)) {
    await promoteVersion({ store, model: 'digits', version, actor: 'bench', gate: { verdict: 'none' }, now, log });
  }
}

/** Prunes all but five of them through a proxy that answers late; answers time and number of requests. */
async function pruned(server: Server, project: Project, count: number): Promise<{ ms: number; requests: number }> {
  for (const [name, value] of Object.entries(server.env)) process.env[name] = value;
  await fill(await openS3Store({ url: `s3://${s3Bucket}/models`, endpoint: server.endpoint }), count);
  const proxy = await FaultProxy.before(server.endpoint);
  proxy.script = () => ({ kind: 'stall', ms: latencyMs, when: 'after' });
  try {
    useS3(project, proxy.endpoint);
    const { ms } = await coldgate(project, server.env, 'prune', '--retain', '5', '--unpromoted', 'digits');
    return { ms, requests: proxy.requests.length };
  } finally {
    await proxy.close();
  }
}

/** What many versions cost those who keep the store small. */
export async function pruningManyVersions({ quick, scratch }: Options): Promise<Goal[]> {
  const part = s3Server();
  if (part === undefined) {
    console.log('not run: pruning many versions (no server of S3)');
    return [];
  }
  mkdirSync(scratch, { recursive: true });
  const project = new Project(mkdtempSync(join(scratch, 'prune-')));
  const count = quick ? 25 : 100;
  const taken: { ms: number; requests: number }[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      taken.push(await onS3(part, (server) => pruned(server, project, count)));
    }
  } finally {
    project.remove();
  }
  const seconds = median(taken.map(({ ms }) => ms)) / 1000;
  const requests = median(taken.map((one) => one.requests));
  const what = `prune of ${count - 5} versions on S3 (${part.name}) that answers ${latencyMs} ms late`;
  const row = { peer: '', theirs: '' };
  return [
    { ...row, what: `${what}, whole command`, ours: `${seconds.toFixed(2)} s`, value: seconds, limit: 9, unit: 's' },
    { ...row, what: `requests of a ${what}`, ours: String(requests), value: requests, limit: 800, unit: 'requests' },
  ];
}
