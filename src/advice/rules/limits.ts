import { cpusOf, warmOf } from '../numbers.ts';
import { type Facts, type Judgement, type Measured, no, on, type Rule, unknown, yes } from '../rule.ts';
import { msText } from '../words.ts';

/** Seconds that whatever is in front of the function waits for it; undefined where nothing cuts before it does. */
function gatewayOf({ target, targetPath }: Facts): { words: string; seconds: number; path?: string } | undefined {
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda':
      if (target.endpoint === 'rest-api') return { words: 'The REST API', seconds: 29 };
      return target.endpoint === 'http-api' ? { words: 'The HTTP API', seconds: 30 } : undefined;
    case 'google-cloud-run': {
      if (!target.gateway) return undefined;
      const seconds = target.gateway.deadline ?? Math.min(600, target.timeout);
      return { words: 'API Gateway', seconds, path: `${targetPath}.gateway.deadline` };
    }
    case 'azure-functions': {
      if (!target.gateway) return { words: 'The front end of Azure', seconds: 230 };
      const seconds = target.gateway.timeout ?? target.timeout + 5;
      return { words: 'API Management', seconds, path: `${targetPath}.gateway.timeout` };
    }
  }
}

/** Lambda ends an initialisation then and begins it again within the first call (docs/facts.md P18), ms. */
const initLimitMs = 10_000;

/** A start that the function itself ends: only instances that are kept warm help where it may not wait longer. */
function tooLate(facts: Facts, measured: Measured, timeout: number, most: number): Judgement | undefined {
  const { target, targetPath } = facts;
  const { startMs, initMs = 0, version } = measured;
  const warm = warmOf(target);
  const enough = Math.ceil((startMs * 1.5) / 1000);
  if (startMs > timeout * 1000 && (enough <= most || warm?.instances === 0)) {
    const why = `The function ends a call after ${timeout} s, and a cold start of ${version} with its first run takes ${msText(startMs)} (p95).`;
    const set =
      enough <= most
        ? ([`${targetPath}.timeout`, String(enough)] as const)
        : ([`${targetPath}.${warm?.field}`, '1'] as const);
    return no(why, { set: [set] });
  }
  if (target.provider !== 'aws-lambda' || initMs <= initLimitMs * 0.95) return undefined;
  const why = `The initialisation takes ${msText(initMs)} (p95), and Lambda begins it again after ${msText(initLimitMs)}.`;
  return no(why, { set: [[`${targetPath}.memory`, String(Math.min(10_240, Math.max(3008, target.memory * 2)))]] });
}

/** The first link of the chain that is shorter than the next one, from the inside out. */
function shortLink(facts: Facts, timeout: number): Judgement | undefined {
  const { entry, measured, targetPath, wishes } = facts;
  const gateway = gatewayOf(facts);
  const timeoutPath = `${targetPath}.timeout`;
  const late = measured && tooLate(facts, measured, timeout, gateway?.seconds ?? 900);
  if (late) return late;
  const { runTimeoutMs } = entry.handler;
  if (runTimeoutMs >= timeout * 1000) {
    const why = `A run may take ${msText(runTimeoutMs)}, and the function is cut after ${timeout} s: callers get no 504 of the handler.`;
    const value = Math.max(100, Math.floor(timeout * 1000 * 0.9));
    return no(why, { set: [[`models.${entry.name}.handler.run-timeout-ms`, String(value)]] });
  }
  if (gateway && gateway.seconds < timeout) {
    const why = `${gateway.words} waits ${gateway.seconds} s for a function that may take ${timeout} s: work is paid for and thrown away.`;
    return no(why, { set: [gateway.path ? [gateway.path, String(timeout)] : [timeoutPath, String(gateway.seconds)]] });
  }
  const outermost = gateway?.seconds ?? timeout;
  if (wishes.clientTimeout !== undefined && wishes.clientTimeout < outermost) {
    const why = `Callers wait ${wishes.clientTimeout} s, and an answer may take ${outermost} s: they ask again while the first call runs.`;
    return no(why, { set: [[timeoutPath, String(Math.max(1, Math.floor(wishes.clientTimeout)))]] });
  }
  return undefined;
}

export const timeouts: Rule = {
  id: 'timeouts',
  asks: 'no wait ends too early: callers wait as long as the gateway, the gateway as long as the function, the function as long as a measured load and run',
  warns: true,
  looksUp: true,
  judge(facts) {
    const { target, measured, environment, entry } = facts;
    if (target.provider === 'local') return undefined;
    const short = shortLink(facts, target.timeout);
    if (short) return short;
    const gateway = gatewayOf(facts);
    const chain = gateway
      ? `${gateway.words} waits ${gateway.seconds} s, the function ${target.timeout} s`
      : `The function takes ${target.timeout} s`;
    if (measured) return yes(`${chain}, a cold start with its run ${msText(measured.startMs)} (p95).`);
    const run = `coldgate warmup --environment ${environment.name} --model ${entry.name}`;
    return unknown(`${chain}; how long a cold start takes was not measured.`, {
      run,
    });
  },
};

/** Of the memory a function has; above it the next version, or a larger request, does not fit. */
const fullShare = 0.9;

export const memory: Rule = {
  id: 'memory',
  asks: 'the memory is above the measured peak, and holds the next version beside the one that is served',
  warns: false,
  looksUp: true,
  judge({ target, targetPath, measured, capacity, environment, entry }) {
    if (target.provider === 'local') return undefined;
    const [tight] = capacity;
    if (tight !== undefined) return no(tight, {});
    if (target.provider !== 'aws-lambda')
      return yes(`${entry.name} fits twice: the next version loads beside the one that is served.`);
    const peak = measured?.peakMb;
    if (peak === undefined) {
      const run = `coldgate warmup --environment ${environment.name} --model ${entry.name}`;
      return unknown(`The function has ${target.memory} MB; what a start takes was not measured.`, { run });
    }
    const seen = `A start of ${measured?.version} takes ${peak} of ${target.memory} MB`;
    if (peak <= target.memory * fullShare) return yes(`${seen}.`);
    const enough = Math.min(10_240, Math.ceil((peak * 1.5) / 64) * 64);
    return no(`${seen}.`, { set: [[`${targetPath}.memory`, String(enough)]] });
  },
};

export const threads: Rule = {
  id: 'threads',
  asks: 'an inference has no more threads than the instance has vCPUs',
  warns: true,
  looksUp: false,
  judge({ target, entry }) {
    const cpus = cpusOf(target);
    if (cpus === undefined) return undefined;
    const { threads: wanted } = entry.handler;
    const most = Math.max(1, Math.floor(cpus));
    const has = `an instance has ${Number(cpus.toFixed(2))} vCPU`;
    if (wanted <= Math.max(1, Math.ceil(cpus))) return yes(`${wanted} for an inference; ${has}.`);
    const why = `${entry.name} runs with ${wanted} threads, and ${has}: they wait for each other.`;
    return no(why, { set: [[`models.${entry.name}.handler.threads`, String(most)]] });
  },
};

/** Inference is bound by the CPU: more at once makes each slower. */
const maxAtOnce = 4;

export const concurrency: Rule = {
  id: 'concurrency',
  asks: 'an instance takes 1 to 4 calls at once',
  warns: true,
  looksUp: false,
  judge({ target, targetPath }) {
    const [field, value] =
      target.provider === 'google-cloud-run'
        ? (['concurrency', target.concurrency] as const)
        : target.provider === 'azure-functions' && target.plan !== 'premium'
          ? (['http-concurrency', target.httpConcurrency] as const)
          : [];
    if (field === undefined) return undefined;
    if (value <= maxAtOnce) return yes(`${value} at once.`);
    const why = `An instance takes ${value} calls at once, and inference is bound by the CPU: each waits for the others.`;
    return no(why, { set: [[`${targetPath}.${field}`, String(maxAtOnce)]] });
  },
};

/** What a first cap leaves free of the 1000 that an account has. */
const firstCap = 50;

export const caps: Rule = {
  id: 'caps',
  asks: 'the number of instances has a cap, so that a flood of calls costs no more than it',
  warns: true,
  looksUp: false,
  judge(facts) {
    const { target, targetPath, isProduction } = facts;
    if (target.provider === 'google-cloud-run') return yes(`At most ${target.maxInstances} instances.`);
    if (target.provider === 'azure-functions') return yes(`At most ${target.maximumInstances} instances.`);
    return isProduction ? onLambda({ ...facts, target, targetPath }) : undefined;
  },
};

const onLambda = on('aws-lambda', ({ target, targetPath }) => {
  const { reservedConcurrency: cap, provisionedConcurrency, provisionedScaling } = target;
  if (cap !== undefined) return yes(`At most ${cap} instances.`);
  const kept = Math.max(provisionedConcurrency, provisionedScaling?.maximum ?? 0);
  const value = String(Math.max(firstCap, kept * 2));
  const why =
    'Nothing caps the instances: a flood of calls may take all that the account has (1000 unless raised), other functions included.';
  return no(why, { set: [[`${targetPath}.reserved-concurrency`, value]] });
});
