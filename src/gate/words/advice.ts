import { phaseCauses } from '../rule/phases.ts';
import { suggestedCap } from '../rule/suggested-cap.ts';
import type { Reason } from '../rule/verdict.ts';
import type { VerdictInput } from '../rule/verdict-input.ts';
import { slowClause } from './line.ts';
import { ms, percent, signedMs } from './number-words.ts';

/** Which phase made the arm slower: a slow store is not a slow model. */
function slowerPhase({ phases, decisive }: VerdictInput): string {
  const phase = phases.find((p) => p.shiftMs > 0 && p.phase !== decisive.metric);
  const { candidate, baseline } = decisive.median;
  if (!phase) return '';
  const whole =
    candidate !== null && baseline !== null ? ` (${decisive.metric} by ${signedMs(candidate - baseline)})` : '';
  return `${phase.phase} moved by ${signedMs(phase.shiftMs)}${whole}: ${phaseCauses[phase.phase]}.`;
}

function shift(input: VerdictInput): string {
  if (input.decisive.timeouts.candidate > 0) return 'Starts ran into the time-out: look at the log of the function.';
  const cause = slowerPhase(input);
  if (cause) return cause;
  const own = phaseCauses[input.decisive.metric];
  if (own) return `${input.decisive.metric} moved: ${own}.`;
  const measured = input.metrics.some((m) => m.metric !== input.decisive.metric && phaseCauses[m.metric]);
  return measured ? 'No single phase moved beyond chance: look at memory, CPU and the size of the package.' : '';
}

function unsure(input: VerdictInput): string {
  const { decisive, options } = input;
  if (!input.final) return 'More starts are being measured.';
  if (decisive.held) return `${slowClause(input)}: run again, or look at the store and the image layers.`;
  const cap = suggestedCap(decisive.spread);
  if (input.source === 'given' && Math.min(decisive.n.candidate, decisive.n.baseline) < cap) {
    return `Give ${cap} starts of each, measured in the same minutes: that decides most releases.`;
  }
  if (input.source === 'measured' && cap > options.maxSamples && decisive.spread !== null) {
    return `Starts spread by ${percent(decisive.spread)}: set max-samples: ${cap} to decide most releases.`;
  }
  return 'The change is so near to the tolerance or the limit that more starts are unlikely to decide it: choose, or set on-inconclusive: lean.';
}

/** What to do about missing samples that Coldgate did not measure itself. */
const givenSentences: Partial<Record<Reason, (input: VerdictInput) => string>> = {
  'no-baseline': () => '',
  'no-samples': ({ decisive, baseline }) =>
    decisive.n.candidate > 0 && baseline !== 'none'
      ? 'Look at the query that the baseline comes from. For a first release leave "baseline" out, or set it to null.'
      : 'Look at the query that the candidate comes from.',
  'too-few-samples': () => 'Give more starts, or look at why starts failed.',
};

const sentences: Record<Reason, (input: VerdictInput) => string> = {
  shift,
  tail: () =>
    'Most starts are as before and some take far longer: look at the store, the image layers and shared hosts.',
  slo: (input) =>
    input.slo
      ? `Make the load faster (optimize: cold, a smaller model, more memory) or raise slo-ms above ${ms(input.slo.ms)}.`
      : 'Starts ran into the time-out: look at the log of the function.',
  clear: () => '',
  unsure,
  'no-baseline': () => 'The samples are recorded; the next version is measured beside this one.',
  'no-samples': () => 'Read the log of the function, then run coldgate deploy again to repeat its readiness proof.',
  'too-few-samples': () => 'Give the measurement more time (max-seconds, max-samples), or look at why starts failed.',
  'lean-pass': unsure,
  'lean-block': unsure,
  unproven: () => 'Read the log of the function, then run coldgate deploy again to repeat its readiness proof.',
};

/** One sentence of advice by cause; empty when there is none. */
export const adviceFor = (input: VerdictInput): string => {
  const given = input.source === 'given' ? givenSentences[input.reason] : undefined;
  return (given ?? sentences[input.reason])(input);
};
