import type { Artifact, Manifest } from '../../../model/manifest.ts';

export type CardRow = [what: string, value: string];

/** What is known of a version, as rows of the page; a model without a manifest has only its digest. */
export function modelCard(sha256: string, artifact: Artifact | undefined, manifest: Manifest | undefined): CardRow[] {
  const rows: CardRow[] = [['sha256', sha256]];
  if (!manifest) return rows;
  const { files, model, opset, ir_version: ir, producer, source, created_at: created } = manifest;
  const size = files.find(({ path }) => path === model)?.size ?? 0;
  const { repository, commit } = source;
  const from = [repository, commit?.slice(0, 12)].filter(Boolean).join(' at ');
  rows.push(
    ['published', created.replace(/^(\S{10})T(\S{5}).*$/, '$1 $2 UTC')],
    ['model', `${model}, ${formatBytes(size)}`],
    ['loaded form', artifact ? `${artifact.kind}, ${formatBytes(artifact.size)}` : 'as published'],
    ['ONNX', [`opset ${opset}, IR ${ir}`, producer && `by ${producer}`].filter(Boolean).join(', ')],
  );
  if (from) rows.push(['source', from]);
  return rows;
}

function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  const unit = ['bytes', 'kB', 'MB', 'GB'][power];
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${unit}`;
}
