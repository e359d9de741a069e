import type { ArmOperation, ArmReply } from '../arm.ts';
import { webRefused } from '../arm-error.ts';
import { isFlex, type Site } from './record.ts';
import type { Web } from './web.ts';

/** Exchanges of slots, on plans that have them: https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots */
export function slotOperations(web: Web): Record<string, ArmOperation> {
  const swap = (sourceOf: (labels: Record<string, string>) => string): ArmOperation => ({
    answer: async ({ labels, body }): Promise<ArmReply> => {
      const { targetSlot } = body as { targetSlot: string };
      const source = web.changing({ ...labels, slot: sourceOf(labels) });
      const target = web.changing({ ...labels, slot: targetSlot });
      if (isFlex(source.plan)) throw webRefused(400, 'BadRequest', 'Deployment slots are not supported.', '51021');
      if (source === target) throw webRefused(409, 'Conflict', 'Cannot swap a slot with itself.');
      const failed = await exchange(web, source, target);
      const id = web.azure.operations.begin(() => ({}), failed);
      source.operation = id;
      target.operation = id;
      return web.azure.operations.accepted(id, web.siteId(source));
    },
  });
  return {
    webApps_swapSlotWithProduction: swap(() => 'production'),
    webApps_swapSlot: swap(({ slot = '' }) => slot),
  };
}

type Failed = { code: string; message: string } | undefined;

/**
 * The slot that is not production is given the settings of the other, starts anew and has to answer anything; then their
 * contents, settings and instances change places, all but what is sticky. Nothing has changed where it does not answer.
 */
async function exchange(web: Web, one: Site, other: Site): Promise<Failed> {
  const [slot, production] = one.slot === undefined ? [other, one] : [one, other];
  const sticky = new Set(web.sites.get(slot.name.toLowerCase())?.stickySettings);
  const before = slot.settings;
  const [up, down] = [merged(slot, production, sticky), merged(production, slot, sticky)];
  slot.settings = up;
  web.update(slot);
  if (!(await web.answers(slot))) {
    slot.settings = before;
    web.update(slot);
    const message = `Cannot swap site slots for site '${slot.name}' because the application initialization in '${slot.slot}' slot either took too long or failed.`;
    return { code: 'Conflict', message };
  }
  const moved = { content: slot.content, listed: slot.listed };
  Object.assign(slot, { content: production.content, listed: production.listed, settings: down });
  Object.assign(production, { ...moved, settings: up, functionsLag: web.context.knobs.functionsLag });
  web.exchange(slot, production);
  return undefined;
}

/** Settings that go to a place: all of those that come, but what is sticky is of the place. */
const merged = (from: Site, to: Site, sticky: ReadonlySet<string>): Map<string, string> =>
  new Map([
    ...[...from.settings].filter(([name]) => !sticky.has(name)),
    ...[...to.settings].filter(([name]) => sticky.has(name)),
  ]);
