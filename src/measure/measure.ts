import { UnprovenError } from '../errors.ts';
import type { GateOptions } from '../gate/rule/options.ts';
import { type Arm, type GateSample, metrics } from '../gate/rule/sample.ts';
import { mostlyFailed } from '../gate/rule/values.ts';
import type { ArmValues, Gate, Measured, Verdict } from '../gate/rule/verdict.ts';
import type { Logger } from '../log.ts';
import type { Target } from '../rollout/target.ts';
import { type Arms, takePair } from './take-pair.ts';

/** Starts of one arm that may fail in a row before the measurement is given up. */
const inARow = 3;

/**
 * Failed measurements are left out of the judgement, but an arm that keeps failing proves nothing: a
 * silent pass on missing numbers is the classic fault of gates (flagger#1581). Throws UnprovenError `no-cold-starts`
 * with what was seen.
 */
function checkFailures(samples: readonly GateSample[], arm: Arm): void {
  const own = samples.filter((s) => s.arm === arm);
  const failed = own.filter((s) => s.status === 'failed');
  const tail = own.slice(-inARow);
  const hopeless = tail.length === inARow && tail.every((s) => s.status === 'failed');
  if (!hopeless && !mostlyFailed(failed.length, own.length)) return;
  const seen = [...new Set(failed.map((s) => s.note ?? 'no reason given'))].slice(0, 3).join('; ');
  const which = arm === 'candidate' ? 'The candidate' : 'The live version';
  throw new UnprovenError(
    'no-cold-starts',
    `${which} did not prove its cold starts: ${failed.length} of ${own.length} failed (${seen}).`,
    {
      hint: 'Look at the log of the function; run coldgate deploy again to see it prove itself.',
      data: { samples: own },
    },
  );
}

/** Starts of an arm that count towards a look: proven ones, and those that timed out. */
const validStarts = (samples: readonly GateSample[], arm: Arm): number =>
  samples.filter((s) => s.arm === arm && !s.discarded && s.status !== 'failed').length;

/**
 * The judged values of one arm by metric, in the order measured. A time-out is slower than all; a failed start, or a
 * phase that was not reported, is no measurement.
 */
export function armValues(samples: readonly GateSample[], arm: Arm): ArmValues {
  const own = samples.filter((s) => s.arm === arm && !s.discarded);
  const measured = (s: GateSample, metric: (typeof metrics)[number]): Measured => {
    if (s.status === 'timeout') return Number.POSITIVE_INFINITY;
    return s.status === 'ok' ? (s.timings[metric] ?? null) : null;
  };
  const all = metrics.map((metric) => [metric, own.map((s) => measured(s, metric))] as const);
  return Object.fromEntries(all.filter(([, values]) => values.some((v) => v !== null)));
}

export interface MeasureInput {
  target: Target;
  gate: Gate;
  options: GateOptions;
  arms: Arms;
  /** Starts that an earlier run of the same comparison measured, and the share of the error spent on them. */
  samples: readonly GateSample[];
  spent: number;
  /** Recorded starts of the live version, where they stand in for measured ones (`baseline: stored`). */
  recorded?: readonly GateSample[] | undefined;
  now: () => Date;
  signal: AbortSignal;
  log: Logger;
  /** Called at each look, so that a killed run can be continued. */
  onLook(samples: readonly GateSample[], verdict: Verdict, final: boolean): Promise<void>;
}

interface Measurement {
  samples: GateSample[];
  verdict: Verdict;
}

/** Valid starts of the arm that has fewer; a recorded baseline is complete from the start. */
function progressOf(samples: readonly GateSample[], input: MeasureInput): number {
  const candidate = validStarts(samples, 'candidate');
  return input.arms.baseline ? Math.min(candidate, validStarts(samples, 'baseline')) : candidate;
}

/** Takes pairs until both arms have as many valid starts, or the time is over. Returns whether there was time. */
async function takeUntil(wanted: number, samples: GateSample[], input: MeasureInput, end: number): Promise<boolean> {
  const { target, arms, options, now, signal, log } = input;
  const cap = input.gate.looks.at(-1) ?? options.maxSamples;
  let pair = (samples.at(-1)?.pair ?? -1) + 1;
  while (progressOf(samples, input) < wanted) {
    signal.throwIfAborted();
    if (now().getTime() > end) return false;
    samples.push(...(await takePair(target, arms, samples, pair, options.discard, now)));
    checkFailures(samples, 'candidate');
    checkFailures(samples, 'baseline');
    log.progress('Cold starts of each version', progressOf(samples, input), cap, 'samples');
    pair += 1;
  }
  return true;
}

function judge(samples: readonly GateSample[], input: MeasureInput, look: number, spent: number) {
  const { gate, arms, recorded } = input;
  const candidate = armValues(samples, 'candidate');
  if (!arms.baseline && !recorded) return { verdict: gate.judgeAlone(candidate), final: true };
  return gate.judge(candidate, armValues(recorded ?? samples, 'baseline'), look, spent);
}

/** Where a start takes long, says for how long this may run, before the first. */
function sayHowLong({ target, gate, arms, options, log }: MeasureInput): void {
  if (!target.startSeconds) return;
  const cap = gate.looks.at(-1) ?? options.maxSamples;
  const starts = (cap + options.discard) * (arms.baseline ? 2 : 1);
  const [from, to] = target.startSeconds.map((seconds) => Math.ceil((seconds * starts) / 60));
  const first = gate.looks[0] ?? cap;
  log.info(
    `Up to ${starts} cold starts, which take ${from} to ${to} minutes on ${target.key}; judged for the first time after ${first} of each version. It ends after ${Math.ceil(options.maxSeconds / 60)} minutes at the latest.`,
  );
}

/**
 * Forces cold starts of both arms, interleaved, and asks the gate at each look until it decides (docs/gate.md). Stops at
 * `max-seconds` with the verdict that the starts so far allow. Throws UnprovenError when an arm keeps failing, and the
 * signal's reason when it is aborted.
 */
export async function measure(input: MeasureInput): Promise<Measurement> {
  const { gate, options, now } = input;
  const samples = [...input.samples];
  const end = now().getTime() + options.maxSeconds * 1000;
  sayHowLong(input);
  let { spent } = input;
  let look = Math.min(gate.nextLook(spent), gate.looks.length);
  for (;;) {
    const wanted = gate.looks[look - 1] ?? options.maxSamples;
    const inTime = await takeUntil(wanted, samples, input, end);
    if (!inTime) look = gate.looks.length;
    const { verdict, final } = judge(samples, input, look, spent);
    await input.onLook(samples, verdict, final);
    if (final) return { samples, verdict };
    spent = verdict.spent;
    look = gate.nextLook(spent);
  }
}
