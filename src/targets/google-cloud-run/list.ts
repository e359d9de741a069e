import type { FoundFunction } from '../../rollout/target.ts';
import { type RunContext, runUrl } from './context.ts';
import { ownerLabel, ownerValue } from './names.ts';
import { type Service, shortName } from './resources.ts';

/** Services of the project and region that have our label. */
export async function listServices(context: RunContext): Promise<FoundFunction[]> {
  const path = `${context.parent}/services`;
  const requestContext = { permission: 'run.services.list', resource: context.parent };
  const found: FoundFunction[] = [];
  let pageToken = '';
  do {
    const url = runUrl(context, path, { pageSize: '100', ...(pageToken && { pageToken }) });
    const page = await context.calls.send<{ services?: Service[]; nextPageToken?: string }>(
      { method: 'GET', url },
      requestContext,
    );
    for (const { name, labels = {}, template } of page.services ?? []) {
      if (labels[ownerLabel] !== ownerValue) continue;
      const variables = (template?.containers?.[0]?.env ?? []).map((one) => [one.name, one.value ?? ''] as const);
      found.push({ name: shortName(name), storeVariables: Object.fromEntries(variables) });
    }
    pageToken = page.nextPageToken ?? '';
  } while (pageToken);
  return found;
}
