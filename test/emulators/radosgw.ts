import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';
import { lacksDebian, libraryFolders, unpackDebian } from './debian.ts';
import { freePort, startDetached, untilAnswers, type Waiting } from './processes.ts';
import { probeS3, s3Environment } from './s3-probe.ts';
import type { ServerPart } from './server-part.ts';

const id = 'radosgw-access-key';
const secret = 'radosgw-secret-key';

/** Ceph's gateway on a cluster of one monitor and one store in memory. */
export const radosgw: ServerPart = {
  name: 'radosgw',
  version: '16.2.15',
  from: 'Debian',
  lacks: lacksDebian,
  install: (folder) =>
    unpackDebian(
      folder,
      ['radosgw', 'ceph-mon', 'ceph-osd'].map((name) => `${name}=16.2.15*`),
    ),
  start,
  env: (endpoint) => ({
    ...s3Environment(endpoint, id, secret),
    // It answers 411 to a body whose checksum comes after it, which is how the SDK sends streams unless told.
    AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_REQUIRED',
  }),
  probe: probeS3,
};

interface Cluster {
  work: string;
  /** Where the plug-ins are. */
  libraries: string;
  monitors: string;
  port: number;
}

const settings = ({ work, libraries, monitors, port }: Cluster, fsid: string): string => `[global]
fsid = ${fsid}
mon host = ${monitors}
mon data = ${work}/mon
osd data = ${work}/osd
run dir = ${work}
admin socket =
log file =
log to stderr = true
err to stderr = true
plugin dir = ${libraries}/ceph
erasure code dir = ${libraries}/ceph/erasure-code
osd class dir = ${libraries}/rados-classes
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
# Without a key there is nothing to encrypt with, and "secure" would be tried first and refused.
ms mon client mode = crc secure
# The default waits a second before each change of the map: starting would take more than a minute.
paxos propose interval = 0.05
osd objectstore = memstore
memstore device bytes = 17179869184
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true

[client.rgw]
rgw data = ${work}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
`;

async function start(folder: string, work: string): Promise<string> {
  const libraries = libraryFolders(folder)[2]!;
  const env = {
    PATH: `${join(folder, 'usr/bin')}:${process.env['PATH']}`,
    LD_LIBRARY_PATH: [...libraryFolders(folder), `${libraries}/ceph`, join(folder, 'usr/lib/ceph')].join(':'),
    CEPH_CONF: join(work, 'ceph.conf'),
  };
  const [v2, v1, port] = [await freePort(), await freePort(), await freePort()];
  const monitors = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  const fsid = randomUUID();
  writeFileSync(env.CEPH_CONF, settings({ work, libraries, monitors, port }, fsid));
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(work, name));
  const begin = (program: string, ...args: string[]): Waiting => {
    const log = join(work, `${program}.log`);
    return { process: startDetached(join(folder, 'usr/bin', program), args, { cwd: work, log, env }), log };
  };
  const once = (program: string, ...args: string[]): Promise<string> =>
    run(join(folder, 'usr/bin', program), args, { cwd: work, env, timeoutMs: 60_000 });
  await once('monmaptool', '--create', '--addv', 'a', monitors, '--fsid', fsid, 'monmap');
  // A map that has its one store already: else it would be announced through a client written in Python.
  await once('osdmaptool', '--createsimple', '1', 'osdmap');
  await once('ceph-mon', '--mkfs', '-i', 'a', '--monmap', 'monmap', '--osdmap', 'osdmap');
  begin('ceph-mon', '-i', 'a', '-f');
  await once('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', randomUUID());
  begin('ceph-osd', '-i', '0', '-f');
  const keys = ['--access-key', id, '--secret-key', secret];
  await once('radosgw-admin', '-n', 'client.rgw', 'user', 'create', '--uid=tests', '--display-name=tests', ...keys);
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswers(endpoint, begin('radosgw', '-n', 'client.rgw', '-f'));
  return endpoint;
}
