import type { GateRecord } from '../../src/gate/record/record.ts';
import { advanceBaseline } from '../../src/gate/rule/cumulative-drift.ts';
import { createGate } from '../../src/gate/rule/gate.ts';
import { type GateOptions, gateDefaults } from '../../src/gate/rule/options.ts';
import { type Arm, type GateSample, type Metric, metrics } from '../../src/gate/rule/sample.ts';
import type { ArmValues, Verdict } from '../../src/gate/rule/verdict.ts';
import { type Random, randomOf } from './random.ts';

export interface Scenario {
  seed: number;
  /** Relative sd of each phase. */
  noise: number;
  /** Factor of the candidate's session phase, and of its fetch phase. */
  session: number;
  fetch: number;
  options?: Partial<GateOptions>;
}

const typical = { init_ms: 120, import_ms: 112, fetch_ms: 84, verify_ms: 6, session_ms: 205, first_run_ms: 9 } as const;

function start(random: Random, arm: Arm, pair: number, order: number, scenario: Scenario): GateSample {
  const host = Math.exp(random.normal() * scenario.noise * 0.6);
  const factors: Partial<Record<Metric, number>> =
    arm === 'candidate' ? { session_ms: scenario.session, fetch_ms: scenario.fetch } : {};
  const timings: GateSample['timings'] = {};
  for (const [phase, base] of Object.entries(typical) as [Metric, number][]) {
    const value = base * host * Math.exp(random.normal() * scenario.noise) * (factors[phase] ?? 1);
    timings[phase] = Math.round(value * (pair < 2 && phase === 'fetch_ms' ? 2.2 : 1) * 10) / 10;
  }
  timings.model_loaded_ms = Math.round((timings.fetch_ms! + timings.verify_ms! + timings.session_ms!) * 10) / 10;
  const at = new Date(Date.UTC(2026, 0, 12, 9, 0, order * 3)).toISOString();
  return { arm, pair, order, at, discarded: pair < 2, status: 'ok', timings };
}

const valuesOf = (samples: readonly GateSample[], arm: Arm): ArmValues => {
  const own = samples.filter((s) => s.arm === arm && !s.discarded);
  return Object.fromEntries(metrics.map((m) => [m, own.map((s) => s.timings[m] ?? null)]));
};

/** A measurement of made-up starts, taken and judged as the warm-up does: the examples in docs/ and tests. */
export function exampleRecord(scenario: Scenario): GateRecord {
  const random = randomOf(scenario.seed);
  const options = { ...gateDefaults, ...scenario.options };
  const gate = createGate(options, { candidate: '1.1.0', baseline: '1.0.0' });
  const samples: GateSample[] = [];
  let verdict: Verdict | undefined;
  let spent = 0;
  for (let pair = 0; pair < options.maxSamples + 2; pair += 1) {
    for (const arm of pair % 2 === 0 ? (['baseline', 'candidate'] as const) : (['candidate', 'baseline'] as const)) {
      samples.push(start(random, arm, pair, samples.length, scenario));
    }
    const look = gate.nextLook(spent);
    if (pair - 1 < gate.looks[look - 1]!) continue;
    const judged = gate.judge(valuesOf(samples, 'candidate'), valuesOf(samples, 'baseline'), look, spent);
    verdict = judged.verdict;
    spent = verdict.spent;
    if (judged.final) break;
  }
  return {
    schema: 1,
    model: 'digits',
    environment: 'production',
    target: 'aws-lambda-eu-west-1-2048-x86_64',
    rule: { version: 1, options, looks: [...gate.looks], spent },
    candidate: { version: '1.1.0' },
    baseline: { version: '1.0.0' },
    env: { region: 'eu-west-1', memory: 2048, arch: 'x86_64' },
    started_at: samples[0]!.at,
    ended_at: samples.at(-1)!.at,
    attempt: 1,
    run_url: null,
    samples,
    final: true,
    verdict: verdict!,
    anchor: verdict?.verdict === 'pass' ? advanceBaseline(null, '1.0.0', '1.1.0', verdict.metrics[0]!.ratio) : null,
  };
}

/** The three pictures of docs/gate.md. */
export const examples: Record<'pass' | 'regression' | 'inconclusive', Scenario> = {
  pass: { seed: 11, noise: 0.07, session: 1.01, fetch: 1 },
  regression: { seed: 12, noise: 0.07, session: 1.45, fetch: 1 },
  inconclusive: { seed: 13, noise: 0.22, session: 1.15, fetch: 1 },
};
