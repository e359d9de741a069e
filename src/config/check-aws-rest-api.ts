import type { Findings } from './findings.ts';
import { type TargetSettings, targetsOf } from './target-settings.ts';
import type { Path } from './yaml-node.ts';

/** What an account has unless it asked for more: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const accountThrottle = { rate: 10_000, burst: 5000 };
/** KiB of a body that an event of 6 MB carries as base64, the form in which a REST API passes on every body. */
const maxPayloadKb = 4500;
/** The handler's own, where none is given. */
const usualPayloadKb = 5120;
const secondsOf = { day: 86_400, week: 604_800, month: 2_678_400 } as const;

/** What API Gateway refuses, or silently not does, with settings of a REST API that are fine one by one. */
export function checkAwsRestApi(findings: Findings): void {
  for (const settings of targetsOf(findings, 'aws-lambda')) {
    const isRest = settings.text('endpoint', 'function-url') === 'rest-api';
    settings.only(['rest-api'], isRest, 'endpoint: rest-api', 'Set endpoint: rest-api, or remove it.');
    if (!isRest) continue;
    checkPlans(settings);
    checkDomain(settings);
    checkPayload(settings);
  }
}

/** The entries of a list, each by its place. */
const entries = (findings: Findings, list: Path): Path[] => {
  const all: Path[] = [];
  while (findings.has([...list, all.length])) all.push([...list, all.length]);
  return all;
};

function checkPlans(settings: TargetSettings): void {
  const { findings } = settings;
  const plans = entries(findings, settings.at('rest-api.plans'));
  const keys = plans.flatMap((plan) => entries(findings, [...plan, 'keys']));
  for (const plan of plans) checkPlan(settings, plan);
  for (const key of keys) checkKey(findings, key);
  for (const [all, what] of [
    [plans, 'plan'],
    [keys, 'key'],
  ] as const) {
    const names = all.map((one) => findings.text([...one, 'name']));
    for (const [at, name] of names.entries()) {
      if (name === undefined || names.indexOf(name) === at) continue;
      const path = [...(all[at] as Path), 'name'];
      findings.add(path, `expected a name that no other ${what} has.`, 'A key calls by one plan.');
    }
  }
}

/** A plan is bounded by the stage, which would silently win. */
function checkPlan(settings: TargetSettings, plan: Path): void {
  const { findings } = settings;
  const number = (...field: string[]): number => {
    const value = findings.value([...plan, ...field]);
    return typeof value === 'number' ? value : Number.NaN;
  };
  for (const field of ['rate', 'burst'] as const) {
    const most = settings.number(`throttle.${field}`, accountThrottle[field]);
    const given = settings.has(`throttle.${field}`) ? `throttle.${field}` : 'what the stage has without throttle';
    if (number(field) <= most || Number.isNaN(number(field)) || Number.isNaN(most)) continue;
    const message = `expected at most ${most}, ${given}, got ${number(field)}.`;
    findings.add([...plan, field], message, 'Lower it, or raise throttle.');
  }
  const period = findings.text([...plan, 'quota', 'period']) ?? '';
  const seconds = Object.hasOwn(secondsOf, period) ? secondsOf[period as keyof typeof secondsOf] : Number.NaN;
  const most = Math.floor(number('rate') * seconds + number('burst'));
  if (number('quota', 'limit') > most) {
    const message = `expected at most ${most}, all that rate and burst let through in a ${period}.`;
    findings.add([...plan, 'quota', 'limit'], message, 'Lower it, raise rate, or remove quota.');
  }
}

/** No message shows the value: it may be the key itself. */
function checkKey(findings: Findings, key: Path): void {
  const hint = 'Name an environment variable with value-from, or give neither and AWS makes the key.';
  if (findings.has([...key, 'value'])) {
    findings.add([...key, 'value'], 'expected no key in models.yaml, which is no place for secrets.', hint);
  }
  const from = findings.text([...key, 'value-from']);
  if (from === undefined || /^[A-Z][A-Z0-9_]{0,99}$/.test(from)) return;
  const message = 'expected the name of an environment variable, of capitals, digits and _, not the key and no ${…}.';
  findings.add([...key, 'value-from'], message, hint);
}

function checkDomain(settings: TargetSettings): void {
  const hasTrust = settings.has('rest-api.domain.trust-store');
  const about = ['trust-store-version', 'ownership-certificate'].map((field) => `rest-api.domain.${field}`);
  settings.only(about, hasTrust, 'trust-store, by which callers present certificates');
}

/** Models that run there: the one whose target it is, or all that have no target of their own. */
function checkPayload({ findings, path: [section, name] }: TargetSettings): void {
  const others = findings.keys(['models']).filter((model) => !findings.has(['models', model, 'target']));
  for (const model of section === 'models' ? [String(name)] : others) {
    const field = ['models', model, 'handler', 'max-payload-kb'];
    const value = findings.has(field) ? findings.value(field) : 0;
    if (typeof value !== 'number' || value <= usualPayloadKb || value > 1_048_576) continue;
    const message = `expected at most ${usualPayloadKb} behind a REST API, which passes on some ${maxPayloadKb}, got ${value}.`;
    findings.add(field, message, 'Lower it, or let callers send inputs by URL.');
  }
}
