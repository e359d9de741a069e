import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { Project } from '../test/fixtures/project.ts';
import { type Goal, median, msText, type Options } from './goal.ts';
import { runProcess } from './run-process.ts';

/** What a runner downloads for `uses:`, compressed as GitHub does: the committed tree. */
function checkout(): Goal {
  const tar = execFileSync('git', ['archive', '--format=tar', 'HEAD'], {
    cwd: join(dist, '..'),
    maxBuffer: 1024 ** 3,
  });
  const mb = gzipSync(tar).byteLength / 1e6;
  const what = 'what a runner downloads of the action, compressed';
  return { what, peer: '', ours: `${mb.toFixed(2)} MB`, theirs: '', value: mb, limit: 2.4, unit: 'MB' };
}

/** `ship` of a model that is live already, in a folder and with local functions: it reads, proves, and changes nothing. */
async function unchanged({ quick, scratch }: Options): Promise<Goal> {
  mkdirSync(scratch, { recursive: true });
  const project = new Project(mkdtempSync(join(scratch, 'ship-')));
  const options = { cwd: project.folder, env: { COLDGATE_CACHE: testCache } };
  const run = (verb: string) => runProcess(process.execPath, [join(dist, 'cli.js'), verb], options);
  try {
    await run('ship');
    const times: number[] = [];
    for (let round = 0; round < (quick ? 3 : 15); round += 1) times.push((await run('ship')).ms);
    const ms = median(times);
    const what = 'ship of an unchanged model, file and local, whole command';
    return { what, peer: '', ours: msText(ms), theirs: '', value: ms / 1000, limit: 3, unit: 's' };
  } finally {
    await run('destroy');
    project.remove();
  }
}

/** The action as a repository uses it. */
export async function acting(options: Options): Promise<Goal[]> {
  return [checkout(), await unchanged(options)];
}
