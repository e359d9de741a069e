import { text } from '../../gate/words/markdown.ts';
import { codeSpan } from '../event-text.ts';
import { fenced, joined, link } from './markup.ts';
import { type Detail, details, modelSection, signOf, verdictCell } from './model-section.ts';
import type { ModelPreview, PreviewReport } from './preview.ts';

/** GitHub's limit for a comment is 65,536 characters; the hidden marker stands before the text. */
export const commentLimit = 65_000;

/** Most important first: failures before what is still running. */
const order = ['⚠️', '⛔', '❓', '⏳', '✅'];
const titles: Record<string, string> = {
  '⚠️': 'did not work',
  '⛔': 'is blocked by the gate',
  '❓': 'has no clear verdict',
  '⏳': 'is under way',
  '✅': 'is ready',
};

function heading(models: readonly ModelPreview[]): string {
  const signs = new Set(models.map(({ state }) => signOf(state)));
  const worst = order.find((sign) => signs.has(sign));
  return worst ? `## ${worst} Coldgate: the preview ${titles[worst]}` : '## Coldgate: nothing to preview';
}

function overview(models: readonly ModelPreview[], most: number): string[] {
  if (models.length === 0) return [];
  const rows = models
    .slice(0, most)
    .map(
      ({ name, version, state, url }) =>
        `| ${text(name)} | ${text(version)} | ${verdictCell(state)} | ${url ? link(url) : '-'} |`,
    );
  const more = models.length - most;
  return [
    '| model | version | verdict | endpoint |',
    '|---|---|---|---|',
    ...rows,
    ...(more > 0 ? [`| and ${more} more | | | |`] : []),
  ];
}

function warnings({ warnings = [] }: PreviewReport): string[][] {
  return warnings.flatMap(({ message, hint, yaml }) => {
    const [first = ''] = (hint ?? '').split('\n');
    return [['> [!WARNING]', `> ${text(message)} ${text(first)}`], yaml ? fenced('yaml', yaml.split('\n')) : []];
  });
}

function footer({ sha, runUrl }: PreviewReport, cut: boolean): string[] {
  const run = runUrl ? `, ${link(runUrl, 'this run')}` : '';
  const left = cut ? ' Shortened to what a comment may hold: everything is in the summary of the run.' : '';
  return [`<sub>Commit ${codeSpan(sha.slice(0, 7))}${run}. Edited in place at every push.${left}</sub>`];
}

/** The report with so much detail and so many rows. */
function render(report: PreviewReport, detail: Detail, most: number, cut: boolean): string {
  const { models, notes = [] } = report;
  const several = models.length !== 1 || detail === 'overview';
  return joined([
    [heading(models)],
    ...notes.map((note) => [text(note)]),
    several ? overview(models, most) : [],
    ...(detail === 'overview' ? [] : models.flatMap((model) => modelSection(model, detail))),
    ...warnings(report),
    footer(report, cut),
  ]);
}

/**
 * The sticky comment: Markdown of at most 65,000 characters, safe whatever the report holds. As much as the limit allows:
 * first with less detail for every model, then with fewer models.
 */
export function renderComment(report: PreviewReport): string {
  for (const detail of details) {
    const whole = render(report, detail, report.models.length, detail !== details[0]);
    if (whole.length <= commentLimit) return whole;
  }
  const brief = { ...report, notes: (report.notes ?? []).slice(0, 5), warnings: (report.warnings ?? []).slice(0, 5) };
  let most = report.models.length;
  while (most > 1 && render(brief, 'overview', most, true).length > commentLimit) most = Math.floor(most * 0.9);
  return render(brief, 'overview', most, true);
}

/** The comment after the pull request is closed and its previews are removed. */
export function renderClosed(
  report: Pick<PreviewReport, 'sha' | 'runUrl' | 'warnings'> & { removed: readonly string[] },
): string {
  const { removed, sha, runUrl } = report;
  const gone = removed.slice(0, 50).map((name) => `- ${codeSpan(name)}`);
  const more = removed.length - gone.length;
  const run = runUrl ? `, ${link(runUrl, 'this run')}` : '';
  return joined([
    ['## 🧹 Coldgate: the preview is gone'],
    [removed.length > 0 ? 'Removed with the pull request:' : 'There was nothing left to remove.'],
    [...gone, ...(more > 0 ? [`- and ${more} more`] : [])],
    ...warnings({ ...report, models: [] }),
    [`<sub>Commit ${codeSpan(sha.slice(0, 7))}${run}.</sub>`],
  ]);
}
