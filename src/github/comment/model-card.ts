import type { Manifest } from '../../model/manifest.ts';
import { describeShape } from '../../model/tensor-error.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { codeSpan } from '../event-text.ts';
import { folded } from './markup.ts';
import type { ModelPreview } from './preview.ts';

/** Tensors and files shown; the manifest has them all. */
const most = 12;

const tensor = ({ name, dtype, shape, optional }: TensorInfo): string =>
  `${codeSpan(name)} ${codeSpan(`${dtype}${describeShape(shape)}`)}${optional ? ' optional' : ''}`;

function listed<T>(items: readonly T[], show: (item: T) => string): string {
  const more = items.length - most;
  return [...items.slice(0, most).map(show), ...(more > 0 ? [`and ${more} more`] : [])].join('<br>');
}

const bytes = (size: number): string => `${size.toLocaleString('en-GB')} bytes`;

function rows({ name, version, live, functionName, sha256, pruned }: ModelPreview, manifest: Manifest): string[][] {
  const total = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const commit = manifest.source.commit;
  return [
    ['name', codeSpan(name)],
    ['version', codeSpan(version)],
    ['live', live ? codeSpan(live) : 'nothing'],
    ...(functionName ? [['function', codeSpan(functionName)]] : []),
    ...(sha256 ? [['sha256', codeSpan(sha256)]] : []),
    ['size', bytes(total)],
    ['inputs', listed(manifest.inputs, tensor)],
    ['outputs', listed(manifest.outputs, tensor)],
    ['opset', `${manifest.opset} (IR ${manifest.ir_version})`],
    ...(manifest.producer ? [['producer', codeSpan(manifest.producer)]] : []),
    ['files', listed(manifest.files, (file) => `${codeSpan(file.path)} ${bytes(file.size)}`)],
    ...(commit ? [['commit', codeSpan(commit)]] : []),
    ...(pruned?.length ? [['pruned', listed(pruned, codeSpan)]] : []),
  ];
}

/** What was published, folded away. */
export function modelCard(model: ModelPreview): string[] {
  const { manifest } = model;
  if (!manifest) return [];
  const lines = rows(model, manifest).map(([what, value]) => `| ${what} | ${value} |`);
  return folded('Model card', ['| property | value |', '|---|---|', ...lines]);
}
