import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './commands.ts';
import { lacksDebian, libraryFolders, unpackDebian } from './debian.ts';
import { folderOf, type Part } from './part.ts';

/** Shows what a process asks of the kernel. */
export const strace: Part = {
  name: 'strace',
  version: '6.1',
  from: 'Debian',
  lacks: lacksDebian,
  install: (folder) => unpackDebian(folder, ['strace=6.1-*']),
  found: () => (process.platform === 'linux' ? onPath('strace') : undefined),
};

/** What to begin a command with. The unpacked one's libraries are named to the loader: what it traces has its own. */
export function straceCommand(): [program: string, ...prefix: string[]] {
  const found = strace.found?.();
  if (found) return [found];
  const folder = folderOf(strace);
  const loader = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].find((path) => existsSync(path))!;
  return [loader, '--library-path', libraryFolders(folder).join(':'), join(folder, 'usr/bin/strace')];
}
