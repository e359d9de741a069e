import { join } from 'node:path';
import { lacksDebian, unpackDebian } from '../test/emulators/debian.ts';
import { folderOf, install, type Part } from '../test/emulators/part.ts';

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
