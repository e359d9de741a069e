import type { NodeProcess } from '../http/node-main.ts';
import type { Extend, NodePlatform } from '../http/node-platform.ts';
import type { Variables } from '../settings.ts';

/**
 * What a process takes besides requests, and where its messages go. Each is read where it is used alone: a start pays for
 * every character.
 */
export async function openExtras(
  platform: NodePlatform | undefined,
  env: Variables,
): Promise<Pick<NodeProcess, 'extend' | 'openQueue'>> {
  const extensions: Extend[] = [];
  if (platform?.takesUploads && env['COLDGATE_BATCH_BUCKET']) {
    extensions.push((await import('../platforms/google/uploads.ts')).withUploads);
  }
  const place = env['COLDGATE_QUEUE'] || undefined;
  let openQueue: NodeProcess['openQueue'];
  if (place?.startsWith('file:')) {
    const { withFolder, openFolder } = await import('../platforms/local/queue.ts');
    extensions.push(withFolder);
    openQueue = async (folder) => openFolder(folder);
  } else if (place && platform?.takesUploads) {
    extensions.push((await import('../platforms/google/pushes.ts')).withPushes);
    openQueue = openTopicLater;
  }
  const extend: Extend = (app, options) => extensions.reduce((inner, one) => one(inner, options), app);
  return { extend, openQueue };
}

/** Sending is read when a request first wants it. */
export const openTopicLater: NonNullable<NodeProcess['openQueue']> = async (topic, variables) =>
  (await import('../platforms/google/topic.ts')).openTopic(topic, variables);
