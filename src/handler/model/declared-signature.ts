import type { Manifest } from '../../model/manifest.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { Signature } from '../session/session.ts';

/**
 * What the version declares beyond what the runtime reports of a loaded model: the runtime reports no inputs that have
 * a default, and a tensor without dimensions may be a scalar or one of which no shape is declared. Without a manifest
 * it is taken for the latter, which the runtime accepts, too. Nor does it report for which inputs not-a-number is a
 * missing value. Undefined where the version declares no more.
 */
export function declaredSignature(session: Signature, manifest: Manifest | undefined): Signature | undefined {
  const inputs = session.inputs
    .map((info) => withDeclaredRank(info, manifest?.inputs))
    .map((info) => withMissing(info, manifest?.inputs));
  const outputs = session.outputs.map((info) => withDeclaredRank(info, manifest?.outputs));
  const known = new Set(inputs.map(({ name }) => name));
  const optional = (manifest?.inputs ?? []).filter((info) => info.optional === true && !known.has(info.name));
  const more = optional.length > 0 || [...inputs, ...outputs].some(({ shape, nullable }) => shape === null || nullable);
  return more ? { inputs: [...inputs, ...optional], outputs } : undefined;
}

function withDeclaredRank(info: TensorInfo, declared: readonly TensorInfo[] | undefined): TensorInfo {
  if (info.shape?.length !== 0) return info;
  const same = declared?.find(({ name }) => name === info.name);
  return declared === undefined || same?.shape === null ? { ...info, shape: null } : info;
}

function withMissing(info: TensorInfo, declared: readonly TensorInfo[] | undefined): TensorInfo {
  const same = declared?.find(({ name }) => name === info.name);
  return same?.nullable === true ? { ...info, nullable: true } : info;
}
