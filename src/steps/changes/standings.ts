import { stat } from 'node:fs/promises';
import type { ModelEntry } from '../../config/types.ts';
import { ColdgateError, exitCodes, toColdgateError } from '../../errors.ts';
import type { Standing, Standings } from '../../github/event-plan.ts';
import { codeSpan } from '../../github/event-text.ts';
import { Hashing } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import { readPointer } from '../../registry/pointer/read-pointer.ts';
import { differencesOf } from '../../registry/publish/differences.ts';
import { readManifest } from '../../registry/version/contents.ts';
import { readFileChunks } from '../../stores/read-file.ts';
import { functionSettings } from '../function-settings.ts';
import { completeEntry } from '../source/external-data.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { laterMove } from './later-move.ts';
import type { OtherCommits } from './named-then.ts';

/** What is read to determine the standing of models. Nothing is written. */
interface Look {
  workspace: Workspace;
  commits: OtherCommits;
  context: Context;
}

type Files = Manifest['files'];

/** Digests of the files as they lie here; those that are missing are left out, and so differ. */
async function localFiles({ files }: ModelEntry, published: Files): Promise<Files> {
  const found: Files = [];
  for (const { path, source } of files) {
    const size = await stat(source).then(
      (state) => state.size,
      () => undefined,
    );
    if (size === undefined) continue;
    // Other sizes are other bytes: large files are not read for that.
    if (published.some((file) => file.path === path && file.size !== size)) {
      found.push({ path, size, sha256: '' });
      continue;
    }
    const hashing = new Hashing();
    for await (const _chunk of hashing.through(readFileChunks(source)));
    found.push({ path, size: hashing.size, sha256: hashing.sha256 });
  }
  return found;
}

/** What its function would need to be as models.yaml asks; undefined where it is. Packages do not count. */
async function functionGap({ workspace, context }: Look, entry: ModelEntry, live: { version: string; sha256: string }) {
  try {
    const target = await workspace.targetOf(entry);
    const settings = functionSettings(workspace.environment, entry);
    const { live: running } = await target.describe(settings);
    if (!running) return 'no live function serves it';
    const own = { path: '', size: 0, sha256: running.packageSha256 };
    const changes = await target.plan({ settings, package: own, role: 'live', ...live, sample: undefined });
    return changes.find(({ action }) => action !== 'none')?.what;
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn(`The function of ${entry.name} could not be looked at: ${toColdgateError(error).message}`);
    return undefined;
  }
}

async function standingOf(look: Look, entry: ModelEntry): Promise<Standing> {
  const { workspace, commits } = look;
  const { store, environment } = workspace;
  const { name: model, version } = entry;
  const answer = (stand: Standing['stand'], why: string): Standing => ({ model, stand, why: `\`${model}\` ${why}.` });
  const ahead = await commits.namedAhead(model);
  if (ahead !== undefined && ahead !== version) {
    return answer(
      'held',
      `is left to a later push: the branch names ${codeSpan(ahead)} by now, this commit ${version}`,
    );
  }
  const published = await readManifest(store, model, version);
  if (!published) return answer('ship', `${version} is not published yet`);
  const here = await localFiles(await completeEntry(look.workspace.config, entry), published.manifest.files);
  const differing = differencesOf(published.manifest.files, here).map(({ path }) => path);
  if (differing.length > 0) {
    const list = differing.map((path) => `\`${path}\``).join(', ');
    return answer('refused', `${version} is published with other bytes than the files here: ${list}`);
  }
  const live = (await readPointer(store, model, environment.pointer))?.pointer;
  if (!live) return answer('ship', `${version} is published, and nothing is live`);
  if (live.version !== version) {
    const place = { store, model, pointer: environment.pointer };
    const stays = await laterMove(place, live, version, (moment) => commits.namedThen(model, version, moment));
    if (stays) return { model, stand: 'held', why: stays };
    return answer('ship', `${version} is published, and ${live.version} is live`);
  }
  if (live.manifest_sha256 !== published.sha256) {
    return answer('ship', `${version} was published again since it went live`);
  }
  const gap = await functionGap(look, entry, live);
  return gap ? answer('ship', `${version} is live, but ${codeSpan(gap)}`) : answer('settled', `${version} is live`);
}

/** A fault of one model must not stop the others: ship will report it. */
async function tryStanding(look: Look, entry: ModelEntry): Promise<Standing> {
  try {
    return await standingOf(look, entry);
  } catch (error) {
    look.context.signal.throwIfAborted();
    const known = error instanceof ColdgateError ? error : undefined;
    if (known?.exit !== exitCodes.integrity && known?.exit !== exitCodes.conflict) throw error;
    return { model: entry.name, stand: 'refused', why: `\`${entry.name}\`: ${codeSpan(known.message)}.` };
  }
}

/**
 * How each model stands in the environment beside what models.yaml asks for: by the real bytes of its files, what is
 * published, what the pointer names and who moved it, and what the live function was deployed with. Reads only.
 * Throws what the store throws where it cannot be read.
 */
export async function standingsIn(look: Look): Promise<Standings> {
  const models: Standing[] = [];
  for (const entry of look.workspace.models) models.push(await tryStanding(look, entry));
  return { models };
}
