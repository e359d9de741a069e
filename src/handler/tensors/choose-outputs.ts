import type { Session } from '../session/session.ts';
import { badInput, shorten } from './tensors-in.ts';

/**
 * The outputs that `?output=` names, whatever the form of the request and of its answer; of those that the body names,
 * where it names some. All if none are named. Throws RequestError 400 for an unknown name.
 */
export function chooseOutputs(
  query: URLSearchParams,
  model: Pick<Session, 'outputs'>,
  named?: readonly string[] | undefined,
): readonly string[] | undefined {
  const wanted = query.getAll('output');
  if (wanted.length === 0) return named;
  const known = named ?? model.outputs.map(({ name }) => name);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw badInput('?output=', `one of ${known.join(', ')}`, shorten(unknown) || 'nothing');
  return [...new Set(wanted)];
}
