import { UnprovenError } from '../errors.ts';
import type { Arm, GateSample } from '../gate/rule/sample.ts';
import { mostlyFailed } from '../gate/rule/values.ts';

/** Starts of one arm that may fail in a row before the measurement is given up. */
const inARow = 3;

/**
 * Failed measurements are left out of the judgement (gate.md 5.1), but an arm that keeps failing proves nothing: a
 * silent pass on missing numbers is the classic fault of gates (flagger#1581). Throws UnprovenError `no-cold-starts`
 * with what was seen.
 */
export function checkFailures(samples: readonly GateSample[], arm: Arm): void {
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
