import type { Fields } from '../../fakes/clouds/fields.ts';
import { nameOf } from './cloud-run.ts';
import type { Service } from './record.ts';

/** Why traffic cannot go where the service wants it, with the code of the operation's error. */
export function routesMessage(service: Service): { code: number; message: string } | undefined {
  for (const target of service.spec.traffic ?? []) {
    const short = nameOf(service, target);
    const revision = service.revisions.get(short ?? '');
    if (!short) return { code: 9, message: 'The service has no revision that is ready.' };
    if (!revision) {
      const message = `Revision '${short}' does not exist or is deleted. Update all traffic to route to currently available revisions.`;
      return { code: 13, message };
    }
    if (revision.state === 'failed') return { code: 9, message: revision.message ?? '' };
  }
  return undefined;
}

/** Traffic as it is served: what the statuses say, shares of the main address, and tags. */
export function resolveTraffic(service: Service): {
  statuses: Fields[];
  shares: { percent: number; revision: string }[];
  tags: Map<string, string>;
} {
  const shares: { percent: number; revision: string }[] = [];
  const tags = new Map<string, string>();
  const statuses = (service.spec.traffic ?? []).map((target): Fields => {
    const revision = nameOf(service, target) ?? '';
    const { percent = 0, tag, type } = target;
    if (percent > 0) shares.push({ percent, revision });
    if (tag !== undefined) tags.set(tag, revision);
    return {
      type,
      ...(target.revision !== undefined && { revision }),
      ...(percent > 0 && { percent }),
      ...(tag !== undefined && { tag, uri: service.tagUris.get(tag) }),
    };
  });
  return { statuses, shares, tags };
}
