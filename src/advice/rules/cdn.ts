import { type Facts, type Judgement, no, type Rule, type SeenCopy, unknown, yes } from '../rule.ts';

const day = 24 * 3600;
/** A signature that ends sooner is renewed now: functions learn of a new one by a deployment, s. */
const renewal = 14 * day;

/** read-url without its query, which may be a signature. */
function shownUrl({ environment }: Facts): string {
  const { origin, pathname } = new URL(environment.store.readUrl ?? '');
  return `${origin}${pathname}`.replace(/\/$/, '');
}

const suggestions = ({ environment }: Facts): { run: string } => ({
  run: `coldgate doctor --environment ${environment.name} --suggest`,
});

const dateText = (date: Date): string => date.toISOString().slice(0, 10);

const tracesText = ({ traces }: SeenCopy): string => (traces.length > 0 ? ` (${traces.join(', ')})` : '');

/** What is wrong with what came, or with that nothing came, the first of it. */
function faultOf(facts: Facts, copy: SeenCopy): Judgement | undefined {
  const url = shownUrl(facts);
  const { status = 0, key, ends, now } = copy;
  const about = `${url} answers ${status} to ${key}${tracesText(copy)}`;
  if (ends !== undefined && ends <= now)
    return no(`The signature in read-url ended on ${dateText(ends)}.`, suggestions(facts));
  if (copy.unreached !== undefined) {
    const why = `${url} cannot be reached: ${copy.unreached}. Its host has to lead to the CDN, with a certificate of its own.`;
    return no(why, suggestions(facts));
  }
  if (status >= 300 && status < 400)
    return no(`${about}: functions follow no redirects.`, {
      run: `curl -sI ${url}/${key}, and name what it leads to`,
    });
  if (status === 401 || status === 403) {
    const why = new URL(facts.environment.store.readUrl ?? '').search
      ? 'it does not take the signature of read-url, or may not read the store'
      : 'it may not read the store, or wants signed URLs';
    return no(`${about}: ${why}.`, suggestions(facts));
  }
  if (status === 404 || status === 410)
    return no(
      `${about}, which is in the store: what stands below its url has to stand below read-url.`,
      suggestions(facts),
    );
  if (status !== 200) return no(`${about}.`, suggestions(facts));
  return contentFault(facts, copy);
}

function contentFault(facts: Facts, copy: SeenCopy): Judgement | undefined {
  const url = shownUrl(facts);
  const { key, encoding, isSame, type = '', purge } = copy;
  if (encoding !== undefined)
    return no(
      `${url} packs what it gives (content-encoding: ${encoding}), so that functions pass it by.`,
      suggestions(facts),
    );
  if (isSame === true) return undefined;
  if (/html/.test(type))
    return no(`${url} gives a page in place of ${key}: it is another site, or wants a login.`, suggestions(facts));
  return no(`${url} gives other bytes for ${key} than the store has${tracesText(copy)}.`, { run: purge });
}

/** What works, and should not stay as it is. */
function doubtOf(facts: Facts, copy: SeenCopy): Judgement | undefined {
  const url = shownUrl(facts);
  const { ends, now, keptFor } = copy;
  if (copy.givesUnsigned)
    return no(`${url} answers without the signature, too: whoever knows a path reads that file.`, suggestions(facts));
  if (copy.givesPointer)
    return no(`${url} gives pointers, too, which it may keep: versions alone are to pass.`, suggestions(facts));
  if (keptFor === undefined || keptFor < day) {
    const why = keptFor === undefined ? 'does not say for how long' : `lets it be kept for ${keptFor} s`;
    return no(
      `${url} ${why}, and versions never change: Cache-Control of the store is to come through.`,
      suggestions(facts),
    );
  }
  if (ends !== undefined && ends.getTime() - now.getTime() < renewal * 1000)
    return no(`The signature in read-url ends on ${dateText(ends)}: sign another one, and deploy.`, suggestions(facts));
  return undefined;
}

export const cdn: Rule = {
  id: 'cdn',
  asks: 'read-url gives what the store has, lets it be kept, and lets nothing else pass',
  warns: false,
  looksUp: true,
  judge(facts) {
    const { copy, environment, entry } = facts;
    if (environment.store.readUrl === undefined || copy === undefined) return undefined;
    if (copy.why !== undefined) {
      const run = `coldgate status --environment ${environment.name} --model ${entry.name}`;
      return unknown(`${shownUrl(facts)} was not asked: ${copy.why}.`, { run });
    }
    const found = faultOf(facts, copy) ?? doubtOf(facts, copy);
    if (found) return found;
    const hit = copy.traces.length > 0 ? '' : '; nothing in its answer says whether it keeps it';
    return yes(
      `${shownUrl(facts)} gives ${copy.key} as the store has it, for ${copy.keptFor} s${tracesText(copy)}${hit}.`,
    );
  },
};

export const privateOrigin: Rule = {
  id: 'private-origin',
  asks: 'the store behind a CDN gives nothing to anyone else',
  warns: false,
  looksUp: true,
  judge(facts) {
    const { copy, environment } = facts;
    const { url, readUrl } = environment.store;
    if (readUrl === undefined || copy?.isPublic === undefined) return undefined;
    if (copy.isPublic) return no(`Anyone reads ${copy.key} of ${url} without credentials.`, suggestions(facts));
    return yes(`${url} refuses ${copy.key} without credentials.`);
  },
};
