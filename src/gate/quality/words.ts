import { verdictWords } from '../words/line.ts';
import type { Judgement, QualityReason, QualityVerdict } from './judgement.ts';
import { fewestItems, isShare, type QualityOptions } from './options.ts';

type Found = Omit<QualityVerdict, 'line'>;
interface Judged extends Found {
  judgement: Judgement;
}
type Round = (value: number) => number;

/** Two digits below 10, whole numbers above; never `-0`. */
function short(value: number, round: Round): string {
  const unit = Math.abs(value) < 9.95 ? 10 : 1;
  // What binary fractions add in the last digit is no reason to round outwards.
  return String(round(Number((value * unit).toFixed(9))) / unit || 0);
}

const isPoints = ({ metric }: QualityOptions) => isShare(metric) || metric === 'cer' || metric === 'cosine';

/** A loss of quality in the words of its margin: `5.5 points`, `12 %`, or a bare loss. */
function amount(value: number, options: QualityOptions, round: Round = Math.round): string {
  if (options.margin === 'relative') return `${short(value * 100, round)} %`;
  return isPoints(options) ? `${short(value * 100, round)} points` : String(Number(value.toPrecision(3)));
}

/** Without its unit, where one stands before. */
const bare = (value: number, options: QualityOptions, round: Round = Math.round) =>
  amount(value, options, round).replace(' points', '');

const many = (n: number) => n.toLocaleString('en-US');
const other = ({ judgement }: Judged) => (judgement.live === null ? 'what is required' : 'the live version');

function counts({ judgement, options, failed }: Judged): string {
  const { n, lost, gained, live } = judgement;
  const [worse, better] = isShare(options.metric) ? ['lost', 'gained'] : ['worse', 'better'];
  const pairs = live === null && isShare(options.metric) ? `${lost} wrong` : `${lost} ${worse}, ${gained} ${better}`;
  const none = failed.candidate > 0 ? `, ${failed.candidate} without an answer` : '';
  return `${many(n)} items: ${pairs}${none}`;
}

function estimate({ judgement, options }: Judged): string {
  const value = judgement.estimate;
  if (value === null) return 'the live version has no loss to be a share of';
  if (Math.abs(value) < 1e-12) return `no worse`;
  return `${amount(Math.abs(value), options)} ${value > 0 ? 'worse' : 'better'}`;
}

function worse(found: Judged): string {
  const { judgement, options } = found;
  const { lower, upper } = judgement;
  const least = lower === null ? '' : `at least ${bare(lower, options, Math.floor)}, `;
  // A loss can be provably above the tolerance and provably below the limit.
  const both = judgement.pPass <= judgement.levels.pass && upper !== null;
  const most = both ? `, at most ${bare(upper, options, Math.ceil)}, limit ${bare(options.limit, options)}` : '';
  return `${estimate(found)} than ${other(found)} (${least}tolerated ${bare(options.tolerance, options)}${most}) - ${counts(found)}`;
}

function clear(found: Judged): string {
  const { judgement, options } = found;
  const { upper } = judgement;
  const most = upper === null ? '' : `at most ${bare(upper, options, Math.ceil)}, `;
  return `${estimate(found)} (${most}limit ${bare(options.limit, options)}) - ${counts(found)}`;
}

function unsure(found: Judged): string {
  const { judgement, options, wouldDo, verdict } = found;
  const { lower, upper } = judgement;
  const range =
    lower === null || upper === null
      ? 'not bounded'
      : `${bare(lower, options, Math.floor)} to ${bare(upper, options, Math.ceil)}`;
  const more = wouldDo === null ? '' : `; about ${many(wouldDo)} items would do`;
  const allowed = verdict === 'pass' ? 'passed without proof (on-inconclusive: pass), ' : '';
  return `${allowed}${estimate(found)} (${range}) - ${counts(found)}${more}`;
}

function lean(found: Judged): string {
  const { options, verdict } = found;
  const middle = amount((options.tolerance + options.limit) / 2, options);
  const few = found.n < 800 ? '; leaning is meant for 800 items and more' : '';
  return `leaning, ${estimate(found)} is ${verdict === 'pass' ? 'not above' : 'above'} the middle of ${middle} - ${counts(found)}${few}`;
}

const judged: Partial<Record<QualityReason, (found: Judged) => string>> = {
  worse,
  clear,
  unsure,
  'lean-pass': lean,
  'lean-block': lean,
};

const plain: Partial<Record<QualityReason, (found: Found) => string>> = {
  'too-few-samples': ({ n, options }) =>
    `only ${n} items, at least ${Math.max(fewestItems, options.minSamples)} are needed to decide`,
  'no-baseline': ({ n }) => `no live version to compare with - ${many(n)} items`,
  'no-samples': () => 'no items were answered that could be compared',
  'unequal-samples': () => 'the two lists are of unequal length, so they are not of the same items',
  'live-failed': () => 'the live version answered no item',
};

/** The verdict in one line: `BLOCK accuracy: 5.5 points worse than the live version (at least 1.6, …) - 200 items: …`. */
export function qualityLine(found: Found): string {
  const { verdict, metric, reason, judgement } = found;
  const body = judgement ? judged[reason]?.({ ...found, judgement }) : undefined;
  const different = judgement?.different ? '; more than 70 % of the items differ: these are two different models' : '';
  return `${verdictWords[verdict]} ${metric}: ${body ?? plain[reason]?.(found) ?? reason}${different}`;
}
