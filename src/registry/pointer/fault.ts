import { IntegrityError } from '../../errors.ts';
import { pointerKey } from '../../model/layout.ts';
import type { Store } from '../../stores/store.ts';

/** One thing in which a pointer is not what a move of Coldgate would have written. */
export interface PointerFault {
  /**
   * `version-missing`: what it names is not there, or not complete. `version-damaged`: another program wrote over it,
   * which no publish repairs. `version-marked`: a prune is deleting it. `differs-from-manifest` and
   * `differs-from-record`: its fields are not those of the version, or of the move. `pointer-missing`: only its history
   * is there. `pointer-behind`: it is older than its history. `pointer-unusable`: it is a link.
   */
  code:
    | 'version-missing'
    | 'version-damaged'
    | 'version-marked'
    | 'differs-from-manifest'
    | 'differs-from-record'
    | 'pointer-missing'
    | 'pointer-behind'
    | 'pointer-unusable';
  message: string;
}

/** Where a pointer is stored. */
export interface PointerLocation {
  store: Store;
  model: string;
  /** Name of the pointer. */
  pointer: string;
}

/** The pointer is not there, or is no plain object, and its history is. */
export const missingPointer = ({ model, pointer: name }: PointerLocation, recorded: number): PointerFault => ({
  code: 'pointer-missing',
  message: `${pointerKey(model, name)} is not there, or is no plain object, and its history goes up to move ${recorded}.`,
});

function hintFor({ model, pointer }: PointerLocation, faults: readonly PointerFault[]): string {
  const has = (code: PointerFault['code']) => faults.some((fault) => fault.code === code);
  if (has('pointer-unusable')) return 'Replace the link by a copy of what it points to.';
  if (has('pointer-missing')) {
    return `In the environment of ${pointer}, coldgate history --model ${model} --repair puts it back from its newest record; coldgate promote writes a new one.`;
  }
  if (contradictions(faults).length > 0) {
    return `Something else than Coldgate wrote it. In the environment of ${pointer}, coldgate history --model ${model} --repair puts it back from its record where only the record agrees with the version. If the record is the wrong one, delete it: the next move writes it again.`;
  }
  if (has('pointer-behind'))
    return `coldgate history --model ${model} shows what has been live since; promote the version that should be live.`;
  const other = `coldgate promote --model ${model} --version <version>`;
  if (has('version-damaged')) return `Make another version live: ${other}. That one cannot be published again.`;
  return `Publish the same files of that version again, or make another one live: ${other}.`;
}

/** The error for a pointer with faults, with how to repair it; exit 3. */
export function unsound(place: PointerLocation, faults: readonly PointerFault[]): IntegrityError {
  const { model, pointer } = place;
  return new IntegrityError('pointer-differs', `${model}: ${faults.map(({ message }) => message).join(' ')}`, {
    hint: hintFor(place, faults),
    data: { key: pointerKey(model, pointer), faults },
  });
}

/**
 * The faults that contradict a pointer, which stop every verb that relies on it; a merely missing document does not
 * stop a remedy.
 */
export const contradictions = (faults: readonly PointerFault[]): PointerFault[] =>
  faults.filter(({ code }) => code === 'differs-from-manifest' || code === 'differs-from-record');
