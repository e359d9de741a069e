import type { MoveResult } from '../../registry/pointer/move-result.ts';
import { type ModelResult, markdownTable } from '../results.ts';

/** The report of promote, rollback and ship on a move of the pointer. `url` is set when the live function proved it. */
export function moveReport(
  model: string,
  did: 'promoted' | 'rolled back',
  moved: MoveResult,
  url: string | undefined,
): ModelResult {
  const { promoted, wouldPromote, version, sha256, previousVersion, sequence, superseded, note } = moved;
  const from = previousVersion === null ? '' : ` in place of ${previousVersion}`;
  const head = promoted
    ? `${model} is ${did} to ${version}${from} (move ${sequence}).`
    : wouldPromote
      ? `${model} would be ${did} to ${version}${from} (move ${sequence}).`
      : (note ?? `${model} ${version} is live already: the pointer stays.`);
  const proof = url ? ` The live function serves it at ${url}.` : '';
  const later = superseded
    ? [`Since then ${superseded.actor} made ${superseded.version} live (move ${superseded.sequence}).`]
    : [];
  const outputs = {
    promoted: String(promoted),
    version,
    'previous-version': previousVersion ?? '',
    sequence: String(sequence),
    'endpoint-url': url ?? '',
  };
  const rows = [
    ['live', version],
    ['before', previousVersion ?? 'nothing'],
    ['move', String(sequence)],
    ['sha256', `\`${sha256}\``],
    ...(url ? [['endpoint', url]] : []),
  ];
  return {
    model,
    outputs,
    document: { ...outputs, promoted, sequence, sha256, superseded: superseded ?? null },
    lines: [head + proof, ...later],
    summary: [head + proof, ...later, markdownTable(['what', 'value'], rows)].join('\n\n'),
  };
}
