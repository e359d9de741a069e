import { elementTypes } from '../model/element-types.ts';
import type { Dtype, TensorInfo } from '../model/tensor-info.ts';
import { ModelFault } from './model-fault.ts';
import { checkedTensor, isExchangeable, obstacle, remedy, type ValueInfo } from './value-info.ts';
import type { ZipMap } from './zip-map.ts';

/** An output that is no tensor in the graph and is served as one. */
export interface Conversion {
  /** The tensor that is served, under the output's own name. */
  tensor: TensorInfo;
  /** `unzip`: the scores that a ZipMap node would make maps of. `stack`: the tensors of a sequence, as one. */
  how: 'unzip' | 'stack';
}

/** An output that no function can answer with. The others are served without it. */
export interface LeftOut {
  output: string;
  /** Follows its name. */
  why: string;
  hint: string;
}

export interface ServedOutputs {
  /** What callers get. */
  outputs: TensorInfo[];
  /** Those among them that need a form of the model made for it. */
  conversions: Conversion[];
  leftOut: LeftOut[];
}

/** Whether a form of the model is made that has the served outputs alone. */
export const needsTensorForm = ({ conversions, leftOut }: Pick<ServedOutputs, 'conversions' | 'leftOut'>): boolean =>
  conversions.length + leftOut.length > 0;

/** What is served of the graph's outputs. Throws ModelFault `model-unsupported` where that is nothing. */
export function servedOutputs(declared: readonly ValueInfo[], zipMaps: readonly ZipMap[]): ServedOutputs {
  const served = convert(declared, zipMaps);
  const [first] = served.leftOut;
  if (first && served.outputs.length === 0) {
    throw new ModelFault('model-unsupported', `has an output "${first.output}" ${first.why}`, first.hint);
  }
  return served;
}

function convert(declared: readonly ValueInfo[], zipMaps: readonly ZipMap[]): ServedOutputs {
  const served: ServedOutputs = { outputs: [], conversions: [], leftOut: [] };
  for (const info of declared) {
    const conversion = conversionOf(info, zipMaps);
    if (conversion) {
      served.conversions.push(conversion);
      served.outputs.push(conversion.tensor);
    } else if (isExchangeable(info)) served.outputs.push(checkedTensor(info, 'output'));
    else served.leftOut.push({ output: info.name, why: obstacle(info), hint: remedy(info) });
  }
  return served;
}

function conversionOf({ name, kind, element }: ValueInfo, zipMaps: readonly ZipMap[]): Conversion | undefined {
  if (kind !== 'sequence' || !element) return undefined;
  const zipMap = zipMaps.find(({ output }) => output === name);
  if (zipMap && zipMap.labels.length > 0) {
    const { labels } = zipMap;
    return { how: 'unzip', tensor: { name, dtype: 'float32', shape: ['', labels.length], labels } };
  }
  if (!isExchangeable(element)) return undefined;
  const dtype = elementTypes[element.elementType] as Dtype;
  // A name of its own: it is no batch.
  return { how: 'stack', tensor: { name, dtype, shape: element.shape ? [`${name}_length`, ...element.shape] : null } };
}
