import type { GateRecord } from '../gate/record.ts';
import type { Pointer } from '../model/pointer.ts';
import type { FunctionSettings } from '../targets/target.ts';
import { bytesText, type ModelResult, markdownTable } from './results.ts';
import type { StoredVersion } from './stored-version.ts';
import { warmupReport } from './warmup.ts';

export interface PreviewOutcome {
  pullRequest: number;
  stored: StoredVersion;
  live: Pointer | undefined;
  /** Where it answers; nothing where it was measured and removed. */
  url: string | undefined;
  settings: FunctionSettings;
  record: GateRecord;
  reportPath: string;
  /** Versions of earlier commits that are gone. */
  older: readonly string[];
}

/** What a preview says: where it answers, what it is compared with, and the gate's report as it is everywhere. */
export function previewReport(outcome: PreviewOutcome): ModelResult {
  const { pullRequest, stored, live, url, settings, record, reportPath, older } = outcome;
  const { version, sha256, manifest } = stored;
  const { name } = manifest;
  const gate = warmupReport(record, reportPath);
  const head = url ? `${name} ${version} answers at ${url}` : `${name} ${version} was measured on this runner`;
  const against = live ? `compared with ${live.version}, which is live` : 'nothing is live to compare it with';
  const line = `${head}; ${against}.`;
  const gone = older.length > 0 ? [`Pruned, of earlier commits: ${older.join(', ')}.`] : [];
  const rows = [
    ...(url
      ? [
          ['endpoint', url],
          ['function', `\`${settings.name}\``],
        ]
      : []),
    ['version', version],
    ['live', live?.version ?? 'nothing'],
    ['size', bytesText(manifest.files.reduce((sum, file) => sum + file.size, 0))],
    ['sha256', `\`${sha256}\``],
  ];
  return {
    model: name,
    outputs: { ...gate.outputs, version, sha256, 'endpoint-url': url ?? '' },
    document: {
      ...gate.document,
      version,
      sha256,
      'pull-request': pullRequest,
      'endpoint-url': url ?? '',
      function: settings.name,
      live: live?.version ?? null,
      pruned: older,
      manifest,
    },
    lines: [line, ...gate.lines, ...gone],
    summary: [line, ...gone, markdownTable(['what', 'value'], rows), gate.summary].join('\n\n'),
    failure: gate.failure,
  };
}
