import { join } from 'node:path';
import { lacksDebian, unpackDebian } from '../test/emulators/debian.ts';
import { folderOf, install, type Part } from '../test/emulators/part.ts';
import type { Server } from '../test/emulators/servers.ts';

/** What people move many files with: Debian's, with its default settings. */
export const rclone: Part = {
  name: 'rclone',
  version: '1.60.1',
  from: 'Debian',
  lacks: lacksDebian,
  install: (folder) => unpackDebian(folder, ['rclone=1.60.1*']),
};

/** Installs it unless it is there, and answers its path. Throws where it cannot be had. */
export async function rcloneCommand(): Promise<string> {
  await install(rclone);
  return join(folderOf(rclone), 'usr/bin/rclone');
}

/** A remote named `bench` that is the server, as its configuration file would have it. */
export const rcloneEnvironment = ({ endpoint, env }: Server): Record<string, string | undefined> => ({
  RCLONE_CONFIG_BENCH_TYPE: 's3',
  RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
  RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
  RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: env['AWS_ACCESS_KEY_ID'] ?? '',
  RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: env['AWS_SECRET_ACCESS_KEY'] ?? '',
  // Else it says at each start that it found no file of settings.
  RCLONE_CONFIG: '/dev/null',
  // It does not start where a runner sets one.
  AWS_CA_BUNDLE: undefined,
});
