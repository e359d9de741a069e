import type { ColdgateError } from '../../errors.ts';
import type { GateRecord } from '../../gate/record/record.ts';
import type { Pointer } from '../../model/pointer.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { warmupReport } from '../release/gate-report.ts';
import { bytesText, type ModelResult, markdownTable } from '../results.ts';
import type { StoredVersion } from '../stored-version.ts';

export interface PreviewOutcome {
  pullRequest: number;
  stored: StoredVersion;
  live: Pointer | undefined;
  /** Where it answers; undefined where it was measured and removed. */
  url: string | undefined;
  settings: FunctionSettings;
  record: GateRecord;
  reportPath: string;
  /** Versions of earlier commits that are gone. */
  older: readonly string[];
}

/** Worth showing in a comment; a picture's thousand numbers are not. */
const isShort = (sample: StoredVersion['sample']): boolean => JSON.stringify(sample ?? {}).length <= 4096;

/** The report of a model that failed before its verdict. */
export function failedPreview(model: string, version: string, error: ColdgateError): ModelResult {
  const { code, message, hint } = error;
  return {
    model,
    outputs: { version, verdict: '', 'endpoint-url': '' },
    document: { version, failed: { code, message, hint } },
    lines: [],
    summary: `The preview did not come up: \`${code}\`. See the log for the reason.`,
    failure: error,
  };
}

function sentence({ stored, live, url }: PreviewOutcome): string {
  const head = `${stored.manifest.name} ${stored.version} ${url ? `answers at ${url}` : 'was measured on this runner'}`;
  return `${head}; ${live ? `compared with ${live.version}, which is live` : 'nothing is live to compare it with'}.`;
}

/** The report of a preview: its address, what it is compared with, and the gate's report. */
export function previewReport(outcome: PreviewOutcome): ModelResult {
  const { pullRequest, stored, live, url, settings, record, reportPath, older } = outcome;
  const { version, sha256, manifest, sample } = stored;
  const { name } = manifest;
  const gate = warmupReport(record, reportPath);
  const line = sentence(outcome);
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
      ...(isShort(sample) && { sample }),
    },
    lines: [line, ...gate.lines, ...gone],
    summary: [line, ...gone, markdownTable(['what', 'value'], rows), gate.summary].join('\n\n'),
    failure: gate.failure,
  };
}
