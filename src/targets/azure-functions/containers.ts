import { isMissing } from '../../azure/failure.ts';
import { type FlexContext, homeOf } from './context.ts';
import { accountOf } from './facts.ts';

const apiVersion = '2023-05-01';

const containerPath = async (context: FlexContext, site: string): Promise<string> =>
  `${(await accountOf(context)).id}/blobServices/default/containers/${homeOf(context, site)}`;

/** The container of an app; one that is there stays as it is. */
export async function ensureContainer(context: FlexContext, site: string): Promise<void> {
  const body = { properties: { publicAccess: 'None' } };
  await context.arm.send('PUT', await containerPath(context, site), { apiVersion, body });
}

export async function removeContainer(context: FlexContext, site: string): Promise<void> {
  try {
    await context.arm.send('DELETE', await containerPath(context, site), { apiVersion });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
