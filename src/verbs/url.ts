import { ColdgateError, exitCodes, InputError } from '../errors.ts';
import { fileKey, manifestName } from '../model/layout.ts';
import type { FileEntry } from '../model/manifest.ts';
import { pause } from '../pause.ts';
import { readLive } from '../registry/pointer/live-pointer.ts';
import { readManifest } from '../registry/version/contents.ts';
import { sideBySide } from '../side-by-side.ts';
import { eachModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import type { SignedUrl, Store } from '../stores/store.ts';

export interface UrlInput extends WorkInput {
  version?: string | undefined;
  live: boolean;
  path: string[];
  /** Seconds; undefined: an hour, or as long as the credentials last. */
  expires?: number | undefined;
  noCheck: boolean;
}

interface LinkedFile extends FileEntry, SignedUrl {}

/** Seconds that a link lasts where nothing is asked for. */
const usual = 3600;
/** What clocks and a slow command may take off, ms. */
const slack = 60_000;
/** Google signs one URL a request for accounts without a key. */
const atOnce = 8;
/** A key that Azure has just given may be unknown to its servers for a while, ms. */
const propagation = 30_000;

/** Masks a link as a whole, its query and its signature: logs may wrap it. */
function mask(url: string, { log }: Context): void {
  log.mask(url);
  const { search, searchParams } = new URL(url);
  log.mask(search.slice(1));
  for (const name of ['X-Amz-Signature', 'X-Goog-Signature', 'sig', 'X-Amz-Security-Token']) {
    const value = searchParams.get(name);
    if (value) log.mask(value);
  }
}

/** Reads the first byte by the link. Throws ColdgateError `url-refused` (exit 8) with the words of the store. */
async function prove(key: string, { url }: SignedUrl, signal: AbortSignal): Promise<void> {
  const until = Date.now() + propagation;
  for (;;) {
    const answer = await fetch(url, { headers: { range: 'bytes=0-0' }, signal });
    const text = answer.ok ? '' : await answer.text();
    if (answer.ok) return void (await answer.body?.cancel());
    const isNew = answer.status === 403 && new URL(url).searchParams.has('skoid');
    if (!isNew || Date.now() > until) throw refusedLink(key, answer.status, text);
    await pause(2000, signal);
  }
}

function refusedLink(key: string, status: number, text: string): ColdgateError {
  const word = (name: string) => new RegExp(`<${name}>([^<]{1,300})`).exec(text)?.[1];
  const reason = [word('Code'), word('Message')].filter(Boolean).join(': ') || 'no reason given';
  const message = `The store refuses the link to ${key} (${status}: ${reason.split('\n')[0]}).`;
  const hint =
    'A link has the rights of who signed it: that account must be able to read the object, and a policy of the bucket may forbid links, or old ones. --no-check leaves this look out.';
  return new ColdgateError('url-refused', exitCodes.denied, message, { hint });
}

/** Which version is meant. Throws InputError where --live is asked for and nothing is live. */
async function chosenVersion(input: UrlInput, ws: Workspace, name: string): Promise<string> {
  const entry = ws.models.find((model) => model.name === name);
  if (!input.live && entry) return versionFor(input.version, entry, ws.models);
  const { pointer } = ws.environment;
  const live = await readLive({ store: ws.store, model: name, pointer }, 'no link to it can be made');
  if (live) return live.version;
  const message = `nothing of ${name} is live in ${pointer}.`;
  throw new InputError([{ path: '--live', message, hint: 'Promote a version first, or give --version.' }]);
}

/** The files of a version that are asked for. Throws InputError naming those that it has. */
function chosenFiles(files: readonly FileEntry[], wanted: readonly string[], what: string): FileEntry[] {
  if (wanted.length === 0) return [...files];
  const missing = wanted.filter((path) => !files.some((file) => file.path === path));
  if (missing.length > 0) {
    const hint = `It has ${files.map(({ path }) => path).join(', ')}.`;
    throw new InputError(missing.map((path) => ({ path: '--path', message: `${what} has no file ${path}.`, hint })));
  }
  return files.filter(({ path }) => wanted.includes(path));
}

/** Throws InputError where links end before --expires: both times are named, and what ends them. */
function checkExpiry(links: readonly SignedUrl[], wanted: number | undefined, now: Date): void {
  const first = links.reduce((a, b) => (b.expires < a.expires ? b : a));
  if (wanted === undefined || first.expires.getTime() >= now.getTime() + wanted * 1000 - slack) return;
  const wantedEnd = new Date(now.getTime() + wanted * 1000).toISOString();
  const message = `a link until ${wantedEnd} cannot be signed: ${first.endsWith ?? 'what signs it'} ends at ${first.expires.toISOString()}.`;
  const hint = 'Leave --expires out to have it last as long as it can, or log in for longer.';
  throw new InputError([{ path: '--expires', message, hint }]);
}

/** Signs the files of a version, eight at a time, and reads a byte of each. */
async function linkFiles(
  { store, name, version }: { store: Store; name: string; version: string },
  files: readonly FileEntry[],
  input: UrlInput,
  context: Context,
): Promise<LinkedFile[]> {
  const started = context.now();
  const links = await sideBySide(files, atOnce, async (file) => {
    const link = await store.signedUrl(fileKey(name, version, file.path), input.expires ?? usual);
    mask(link.url, context);
    return { ...file, ...link };
  });
  checkExpiry(links, input.expires, started);
  if (!input.noCheck) {
    await sideBySide(links, atOnce, (link) => prove(fileKey(name, version, link.path), link, context.signal));
  }
  return links;
}

function report(name: string, version: string, sha256: string, links: readonly LinkedFile[]): ModelResult {
  const end = new Date(Math.min(...links.map(({ expires }) => expires.getTime()))).toISOString();
  const files = links.map(({ path, size, sha256: digest, url, expires }) => ({
    ...{ path, url, sha256: digest, size },
    'expires-at': expires.toISOString(),
  }));
  const line = `${name} ${version}: ${links.length === 1 ? 'a link' : `${links.length} links`} until ${end}.`;
  return {
    model: name,
    outputs: { version, url: links[0]?.url ?? '', urls: JSON.stringify(files), 'expires-at': end },
    document: { version, sha256, 'expires-at': end, files },
    lines: [line, ...links.map(({ path, url }) => `  ${path}  ${url}`)],
    // A summary is kept for longer than a link may be known.
    summary: `${line}\n\n${markdownTable(
      ['file', 'sha256'],
      links.map((link) => [link.path, `\`${link.sha256}\``]),
    )}`,
  };
}

/** `coldgate url`: time-limited links that read a version without a role. */
export async function run(input: UrlInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('url', ws.models, async ({ name }) => {
    const version = await chosenVersion(input, ws, name);
    const stored = await readManifest(ws.store, name, version);
    if (!stored) {
      const hint = 'coldgate status shows which there are.';
      throw new InputError([{ path: '--version', message: `${name} ${version} is not published.`, hint }]);
    }
    const { manifest, bytes, sha256 } = stored;
    const all = [...manifest.files, { path: manifestName, sha256, size: bytes.length }];
    const model = all.findIndex(({ path }) => path === manifest.model);
    const files = chosenFiles([...all.splice(model, 1), ...all], input.path, `${name} ${version}`);
    const digest = manifest.files.find(({ path }) => path === manifest.model)?.sha256 ?? '';
    return report(name, version, digest, await linkFiles({ store: ws.store, name, version }, files, input, context));
  });
}
