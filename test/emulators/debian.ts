import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lacksPrograms, run } from './commands.ts';
import { cache } from './part.ts';

/** Where the libraries of unpacked packages are, by the machine's architecture. */
const triplets: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** Folders that the loader looks into for the libraries of packages unpacked into this one. */
export function libraryFolders(folder: string): string[] {
  const triplet = triplets[process.arch] ?? '';
  return ['usr/lib', 'lib', `usr/lib/${triplet}`, `lib/${triplet}`].map((name) => join(folder, name));
}

/** Why packages of Debian 12 cannot be unpacked here: their versions are pinned, and their libraries its own. */
export function lacksDebian(): string | undefined {
  const lacking = lacksPrograms('apt-get', 'dpkg', 'dpkg-deb');
  if (lacking) return lacking;
  const release = readFileSync('/etc/os-release', 'utf8');
  const fits = /^ID=debian$/m.test(release) && /^VERSION_ID="12"$/m.test(release);
  if (!fits) return `packages of Debian 12 are needed, this is ${/^PRETTY_NAME="(.*)"$/m.exec(release)?.[1]}`;
  return triplets[process.arch] ? undefined : `there are no packages for ${process.arch} in the list of this part`;
}

/**
 * Unpacks packages, and what they need beyond what is installed, into a folder. Nothing is installed, nothing of the
 * system is written and root is not needed: lists and downloads have folders of their own. @param packages `name=version`
 */
export async function unpackDebian(folder: string, packages: string[]): Promise<void> {
  const apt = join(cache, 'apt');
  const downloads = join(folder, 'downloads');
  mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  mkdirSync(join(downloads, 'partial'), { recursive: true });
  const options = Object.entries({
    'Dir::State': apt,
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': apt,
    'Dir::Cache::archives': downloads,
    'Debug::NoLocking': '1',
    // As root, apt would hand the download to a user who may not write here.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Its failure says nothing yet: a source that the machine has besides Debian's may be out of reach.
  await run('apt-get', [...options, '-qq', 'update'], { env }).catch(() => {});
  const flags = ['-qq', '--yes', '--download-only', '--no-install-recommends', '--reinstall'];
  await run('apt-get', [...options, ...flags, 'install', ...packages], { env });
  for (const name of readdirSync(downloads).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(downloads, name), folder]);
  }
  rmSync(downloads, { recursive: true });
}
