import { sourcesOf } from '../../onnx/reaching-inputs.ts';
import { RequestError } from '../http/request-error.ts';
import type { ServedModel } from '../model/served-model.ts';
import { checkSymbols } from '../tensors/tensors-in.ts';
import type { RunError } from './run-error.ts';
import type { Tensors } from './session.ts';

/** 422 that names the inputs which the node that refused depends on; 400 where shapes that should agree do not. */
export function refusalOf(error: RunError, feeds: Tensors, model: ServedModel): unknown {
  try {
    checkSymbols(feeds, model.session.inputs);
  } catch (reason) {
    return reason;
  }
  const { operator, node, message } = error;
  const [only, ...others] = refusedInputs(model, error, [...feeds.keys()]);
  const place = only !== undefined && others.length === 0 ? `inputs.${only}: ` : '';
  const at = node ? ` (node ${node})` : '';
  const many = [only, ...others].map((name) => `inputs.${name}`).join(', ');
  const depends = others.length > 0 ? ` It depends on ${many}.` : '';
  const what = message.replace(/\.$/, '');
  const text = `${place}The inputs have the right types and shapes, but the model cannot run them: ${what}${at}.${depends}`;
  return new RequestError(422, 'inference-failed', text, { detail: { operator, node } });
}

/** What is known, by model: callers may send the same mistake again and again. */
const known = new WeakMap<ServedModel, Map<string, ReadonlySet<string>>>();

/** Of the inputs that were given; none where that cannot be told. The runtime's own words name an inner node at best. */
function refusedInputs(
  model: ServedModel,
  { operator, node = '' }: RunError,
  given: readonly string[],
): readonly string[] {
  if (given.length === 1) return given;
  if (operator === undefined) return [];
  const nodes = known.get(model) ?? new Map<string, ReadonlySet<string>>();
  known.set(model, nodes);
  const key = `${operator} ${node}`;
  const sources = nodes.get(key) ?? sourcesIn(model, operator, node);
  nodes.set(key, sources);
  return given.filter((name) => sources.has(name));
}

function sourcesIn({ loaded }: ServedModel, operator: string, node: string): ReadonlySet<string> {
  try {
    return sourcesOf(loaded.file.path, operator, node);
  } catch {
    // A refusal is answered all the same.
    return new Set();
  }
}
