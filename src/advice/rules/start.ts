import { bytesPerSecond, idleSeconds, leastStartMs, monthSeconds, warmOf } from '../numbers.ts';
import { type Facts, type Judgement, no, type Rule, unknown, yes } from '../rule.ts';
import { msText, sizeText, usdText } from '../words.ts';

/** What callers are promised: the flag's, else the gate's bound. */
const promisedMs = ({ wishes, entry }: Facts): number | undefined => wishes.p95Ms ?? entry.gate.sloMs;

/** Least that a start takes, from the size of the model alone, ms. */
const leastMs = ({ bytes = 0 }: Facts): number => leastStartMs + (bytes / bytesPerSecond) * 1000;

/** What decides whether cold starts matter: a promise that they break, or so few requests that most are cold. */
function whyWarm(facts: Facts): { needed: boolean | undefined; why: string } {
  const { measured, wishes } = facts;
  const promised = promisedMs(facts);
  const start = measured?.startMs ?? leastMs(facts);
  const started = measured
    ? `a cold start takes ${msText(start)} (p95 of ${measured.starts} of ${measured.version})`
    : `a cold start takes ${msText(start)} at least`;
  if (promised !== undefined && start > promised) {
    return { needed: true, why: `${started}, and ${msText(promised)} are promised` };
  }
  if (promised !== undefined && measured) {
    return { needed: false, why: `${started}, within the ${msText(promised)} that are promised` };
  }
  const gap = wishes.requestsPerMonth === undefined ? undefined : monthSeconds / Math.max(1, wishes.requestsPerMonth);
  if (promised === undefined && gap !== undefined && gap > idleSeconds) {
    return { needed: true, why: `with a request every ${Math.round(gap / 60)} min most callers wait for a cold start` };
  }
  const missing = promised === undefined ? 'what callers are promised is not known' : 'no start was measured';
  return { needed: undefined, why: `${started}; ${missing}` };
}

/** From about this use on a kept instance is cheaper than the same work by the request on Lambda. */
const breakEven = 0.6;

function useText({ measured, wishes, target }: Facts, instances: number): string {
  const { requestsPerMonth } = wishes;
  if (requestsPerMonth === undefined || measured?.runMs === undefined || instances === 0) return '';
  const use = (requestsPerMonth * measured.runMs) / 1000 / monthSeconds / instances;
  const bound = target.provider === 'aws-lambda' ? `, and it pays by itself from ${breakEven * 100} % on` : '';
  return ` They are busy ${(use * 100).toFixed(use < 0.01 ? 2 : 0)} % of the time${bound}.`;
}

function judgeWarm(facts: Facts): Judgement | undefined {
  const warm = warmOf(facts.target);
  if (!warm) return undefined;
  const { isProduction, targetPath, environment, entry } = facts;
  const path = `${targetPath}.${warm.field}`;
  const cost = warm.usd > 0 ? `about ${usdText(warm.usd)} a month each` : 'part of the plan';
  const { needed, why } = whyWarm(facts);
  if (warm.instances > 0) {
    const kept = `${warm.instances} kept warm (${cost})`;
    if (isProduction || warm.usd === 0) return yes(`${kept}.${useText(facts, warm.instances)}`);
    return no(`${kept} in ${environment.name}, which is not production.`, { set: [[path, '0']] });
  }
  if (!isProduction) return yes(`None kept warm in ${environment.name}: it costs nothing between calls.`);
  const one = { set: [[path, '1']] as const };
  if (needed === true) return no(`None kept warm: ${why}. One costs ${cost}.`, one);
  if (needed === false) return yes(`None kept warm: ${why}.`);
  const run =
    promisedMs(facts) === undefined
      ? `coldgate advise --environment ${environment.name} --model ${entry.name} --p95 1200ms`
      : `coldgate warmup --environment ${environment.name} --model ${entry.name}`;
  return unknown(`None kept warm: ${why}. One costs ${cost}.`, { run });
}

export const preWarm: Rule = {
  id: 'pre-warm',
  asks: 'production keeps instances warm where a cold start breaks what callers are promised, and nothing else does',
  warns: true,
  looksUp: true,
  judge: judgeWarm,
};

export const slo: Rule = {
  id: 'slo',
  asks: 'the gate of production holds an absolute bound for cold starts',
  warns: false,
  looksUp: false,
  judge({ entry, isProduction, wishes, measured, target }) {
    if (!isProduction || target.provider === 'local') return undefined;
    const { sloMs } = entry.gate;
    if (sloMs !== undefined) return yes(`${entry.name} is held to ${msText(sloMs)} (slo-ms).`);
    const bound =
      wishes.p95Ms ?? (measured?.loadMs === undefined ? 1200 : Math.ceil((measured.loadMs * 1.5) / 50) * 50);
    const why = `The gate of ${entry.name} compares with the live version alone: slow is allowed where it always was.`;
    return no(why, { set: [[`models.${entry.name}.gate.slo-ms`, String(bound)]] });
  },
};

/** Share of the promise that reading the model may take: the rest is for process, session and run. */
const readingShare = 0.5;
/** Without a promise: what callers begin to notice, ms. */
const noticed = 1000;

export const modelPlace: Rule = {
  id: 'model-place',
  asks: 'reading the model from the store takes at most half of what callers are promised, or no caller waits for it',
  warns: false,
  looksUp: true,
  judge(facts) {
    const { bytes, measured, target, targetPath, entry } = facts;
    const warm = warmOf(target);
    if (!warm) return undefined;
    const ms = measured?.fetchMs ?? (bytes === undefined ? undefined : (bytes / bytesPerSecond) * 1000);
    if (ms === undefined) return unknown(`The size of ${entry.name} is not known here.`, { run: 'coldgate validate' });
    const size = bytes === undefined ? entry.name : `${entry.name} (${sizeText(bytes)})`;
    const how = measured?.fetchMs === undefined ? 'about ' : '';
    const why = `Every start reads ${size} from the store, ${how}${msText(ms)}`;
    const bound = (promisedMs(facts) ?? noticed / readingShare) * readingShare;
    if (ms <= bound) return yes(`${why}.`);
    if (warm.instances > 0) return yes(`${why}, and ${warm.instances} kept warm have it.`);
    return no(`${why}, more than ${msText(bound)}: a smaller model, or kept instances.`, {
      set: [[`${targetPath}.${warm.field}`, '1']],
    });
  },
};
