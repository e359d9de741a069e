import { defaultTolerance, type SampleDifference } from './sample-compare.ts';

export interface Tolerance {
  relative?: number;
  absolute?: number;
}

/** A prediction with a label, of a list in which order follows from scores. */
interface Labelled {
  label: unknown;
}

/**
 * Compares what a task answered with what was promised, as JSON; undefined where all agrees. Numbers agree when
 * |got - want| <= absolute + relative * |want|, everything else only when equal. Scores of labels are compared by label,
 * since near ties may change places. Fields that the promise does not have are not looked at.
 */
export function compareAnswer(want: unknown, got: unknown, tolerance: Tolerance = {}): SampleDifference | undefined {
  return differenceAt('', want, got, { ...defaultTolerance, ...tolerance });
}

function differenceAt(
  field: string,
  want: unknown,
  got: unknown,
  tolerance: Required<Tolerance>,
): SampleDifference | undefined {
  const differs = (expected: unknown, found: unknown): SampleDifference => ({
    output: 'answer',
    field,
    want: inShort(expected),
    got: inShort(found),
  });
  if (typeof want === 'number' && typeof got === 'number') {
    const isClose = Math.abs(got - want) <= tolerance.absolute + tolerance.relative * Math.abs(want);
    return isClose ? undefined : differs(want, got);
  }
  if (Array.isArray(want)) {
    if (!Array.isArray(got)) return differs(want, got);
    if (got.length !== want.length) return differs(`${want.length} of them`, `${got.length}`);
    const sorted = areScores(want) && areScores(got) ? sameOrder(want, got) : got;
    return first(want.keys(), (at) => differenceAt(`${field}[${at}]`, want[at], sorted[at], tolerance));
  }
  if (typeof want === 'object' && want !== null) {
    if (typeof got !== 'object' || got === null || Array.isArray(got)) return differs(want, got);
    return first(Object.keys(want), (name) =>
      differenceAt(field ? `${field}.${name}` : name, fieldOf(want, name), fieldOf(got, name), tolerance),
    );
  }
  return want === got ? undefined : differs(want, got);
}

function first<T>(items: Iterable<T>, look: (item: T) => SampleDifference | undefined): SampleDifference | undefined {
  for (const item of items) {
    const found = look(item);
    if (found) return found;
  }
  return undefined;
}

const fieldOf = (value: object, name: string): unknown =>
  Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;

/** Entities of a text have places besides, which decide their order. */
const areScores = (list: readonly unknown[]): list is Labelled[] =>
  list.length > 1 &&
  list.every((one) => typeof one === 'object' && one !== null && 'label' in one && 'score' in one && !('start' in one));

/** With the labels in the order of the promise, those that it does not have after them. */
function sameOrder(want: readonly Labelled[], got: readonly Labelled[]): Labelled[] {
  const found = want.flatMap(({ label }) => got.find((one) => one.label === label) ?? []);
  return [...found, ...got.filter((one) => !found.includes(one))];
}

function inShort(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
