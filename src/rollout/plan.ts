import type { Rollout } from './context.ts';
import type { Deployed, FunctionView } from './platform.ts';
import type { Change, DeployRequest, TargetState } from './target.ts';
import { isSame, toRevision, wantedOf } from './wanted.ts';

/** Revisions that answer and are what their place is for: the live one, and candidates. */
export async function describeFunction<R extends Deployed, V extends FunctionView<R>>(
  { platform }: Rollout<R, V>,
  name: string,
): Promise<TargetState> {
  const view = await platform.observe(name);
  const answering = (role: 'live' | 'candidate', revisions: readonly R[]) =>
    revisions.flatMap((one) => (one.role === role && one.url !== undefined ? [toRevision(one, one.url)] : []));
  if (!view) return { live: undefined, candidates: [] };
  return {
    live: answering('live', view.live ? [view.live] : [])[0],
    candidates: answering('candidate', view.candidates),
    ...(platform.queueOf && { queue: await platform.queueOf(view) }),
  };
}

/** Where versions are read, if not in the store itself. The query may be a signature. */
function readWay({ settings }: DeployRequest): string {
  const url = settings.storeVariables['MODEL_READ_URL'];
  return url === undefined ? '' : `, versions read through ${url.replace(/\?.*$/s, '')}`;
}

/** What `deploy` or `route` would do, in words, without doing it. */
export async function planFunction<R extends Deployed, V extends FunctionView<R>>(
  { platform }: Rollout<R, V>,
  request: DeployRequest,
): Promise<Change[]> {
  const wanted = wantedOf(platform, request, request.role);
  const view = await platform.observe(request.settings.name);
  const { role, version } = wanted;
  const what = `${role} of ${view?.name ?? request.settings.name}${version === null ? '' : ` ${version}`}`;
  const known = role === 'live' ? view?.live : view?.candidates.find((one) => one.version === version);
  const way = readWay(request);
  if (!view || known?.role === undefined) return [{ action: 'create', what: what + way }];
  const changes: Change[] = [];
  const cost = role === 'live' && platform.replacing !== undefined ? ` (${platform.replacing})` : '';
  const update = (text: string): void => void changes.push({ action: 'update', what: `${what}: ${text}${cost}` });
  const short = (digest: string): string => digest.slice(0, 12);
  for (const part of ['package', 'settings'] as const) {
    const [before, after] = [known[`${part}Sha256`], wanted[`${part}Sha256`]];
    const how = part === 'settings' ? way : '';
    if (before !== after) update(`${part} ${short(before)} -> ${short(after)}${how}`);
  }
  for (const text of platform.drift?.(view, what, known, request) ?? []) {
    changes.push({ action: 'update', what: text });
  }
  if (changes.length === 0 && !isSame(known, wanted)) update('publish it again, another revision answers there');
  return changes.length > 0 ? changes : [{ action: 'none', what: `${what} ${platform.label(view, known)}` }];
}

/** What removing the function would remove beside its revisions. */
export async function besidesOf<R extends Deployed, V extends FunctionView<R>>(
  { platform }: Rollout<R, V>,
  name: string,
): Promise<Change[]> {
  return (await platform.besides?.(name, await platform.observe(name))) ?? [];
}
