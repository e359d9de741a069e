import { install, isWanted, type Part, whyNot } from '../emulators/part.ts';

/** Installs a part that this machine can have, unless it was refused before; answers why it cannot be used. */
export async function bringPart(part: Part): Promise<string | undefined> {
  // A refusal is kept, and told by whyNot.
  if (isWanted(part, false)) await install(part).catch(() => {});
  return whyNot(part);
}
