import { authorized } from '../../azure/arm.ts';
import { queryPlace } from '../../azure/endpoints.ts';
import { failureIn } from '../../azure/failure.ts';
import { pause } from '../../pause.ts';
import { field } from '../../rollout/proof/http.ts';
import type { FlexContext } from './context.ts';
import { componentOf } from './facts.ts';

/** Lines of a log that are shown, their longest, and how far back they are looked for (ISO 8601). */
const shownLines = 8;
const longestLine = 300;
const timespan = 'PT30M';
/** Telemetry comes late, often by minutes: how often it is looked for, and how long is waited between, ms. */
const looks = 3;
const betweenMs = 1000;
const queryMs = 30_000;

/** What telemetry calls an app or slot: the host writes `NAME`, and `NAME-SLOT`, in lower case. */
const roleOf = (site: string): string => site.replace('/slots/', '-');

/** The command that shows the log of an app: in Application Insights, or as it is written. */
export function logCommand({ settings }: FlexContext, site: string): string {
  const [name = '', slot] = site.split('/slots/');
  if (settings.applicationInsights !== undefined) {
    const kql = `traces | where cloud_RoleName =~ '${roleOf(site)}' | order by timestamp desc`;
    return `az monitor app-insights query --apps ${settings.applicationInsights} --analytics-query "${kql}"`;
  }
  const of = slot === undefined ? name : `${name} --slot ${slot}`;
  return `az webapp log tail --name ${of} --resource-group ${settings.resourceGroup}`;
}

/**
 * The last lines that an app has sent to Application Insights, the oldest first; none without a component, and where they may not or cannot be
 * read. Never throws but at the end of the run.
 */
export async function readLog(context: FlexContext, site: string): Promise<string[]> {
  for (let look = 1; look <= looks && !context.withoutLogs; look++) {
    if (look > 1) await pause(betweenMs, context.signal);
    const lines = await query(context, site);
    if (lines === undefined || lines.length > 0) return lines ?? [];
  }
  return [];
}

/** Nothing where asking again helps nothing. */
async function query(context: FlexContext, site: string): Promise<string[] | undefined> {
  const { credentials, log, signal } = context;
  try {
    const component = await componentOf(context);
    if (component?.AppId === undefined) return undefined;
    const { base, scope } = queryPlace(component.ConnectionString ?? '');
    const kql = [
      'union traces, exceptions',
      `where cloud_RoleName =~ '${roleOf(site)}'`,
      "project timestamp, line = iff(itemType == 'exception', outerMessage, message)",
      `top ${shownLines} by timestamp desc`,
    ].join(' | ');
    const url = `${base}/v1/apps/${component.AppId}/query`;
    const once = authorized(credentials, scope);
    const { body } = await once({ method: 'POST', url, json: { query: kql, timespan }, timeoutMs: queryMs, signal });
    return linesIn(body).reverse();
  } catch (error) {
    signal.throwIfAborted();
    const { status } = failureIn(error) ?? {};
    if (status === 401 || status === 403) context.withoutLogs = true;
    log.debug(`The log of ${site} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/** Second column of the first table: https://learn.microsoft.com/rest/api/application-insights/query/execute */
function linesIn(body: unknown): string[] {
  const tables = field(body, 'tables');
  const rows = field(Array.isArray(tables) ? tables[0] : undefined, 'rows');
  if (!Array.isArray(rows)) return [];
  const lines = rows.map((row) => String((Array.isArray(row) ? row[1] : undefined) ?? ''));
  return lines.map((line) => line.trim().slice(0, longestLine)).filter((line) => line !== '');
}
