import type { Pointer } from '../../model/pointer.ts';
import { readHistory } from '../../registry/pointer/history.ts';
import type { Store } from '../../stores/store.ts';

/** Records looked through for what models.yaml asked for last; more moves by hand in a row are not expected. */
const maxRecords = 100;

export interface PointerLocation {
  store: Store;
  model: string;
  pointer: string;
}

/** Whether a move did what models.yaml asked for; pointers of earlier releases do not record what moved them. */
const followsFile = ({ verb, kind }: Pointer): boolean =>
  verb === 'ship' || (verb === undefined && kind === 'promotion');

/**
 * The version that models.yaml had last brought there before the move. Where no ship is recorded, other promotions
 * count: a repository may do what ship does in separate steps.
 */
async function broughtBefore(place: PointerLocation, { sequence, previous }: Pointer): Promise<string | undefined> {
  const { records, missing, unreadable } = await readHistory({ ...place, limit: maxRecords });
  const earlier = records.filter((record) => record.sequence < sequence && record.kind === 'promotion');
  const found = earlier.find(followsFile) ?? earlier[0];
  if (found) return found.version;
  return missing.length + unreadable.length > 0 ? previous?.version : undefined;
}

const verbs: Readonly<Record<string, string>> = {
  rollback: 'rolled it back',
  promote: 'promoted that by hand',
  watch: 'had it rolled back by a watch that failed',
};

/**
 * Returns why a model keeps the version of a move that came after models.yaml's, as one sentence in Markdown; undefined
 * where models.yaml decides. A move by hand, or by a watch, is kept as long as models.yaml names the version that it
 * moved away from: the one that ship made live last. Once models.yaml names another version, models.yaml decides.
 * @param live the present pointer
 * @param version what models.yaml names
 * @param namedThen whether models.yaml named that version already when the pointer was moved; undefined where that is
 * unknown
 */
export async function laterMove(
  place: PointerLocation,
  live: Pointer,
  version: string,
  namedThen: (moment: string) => Promise<boolean | undefined>,
): Promise<string | undefined> {
  if (followsFile(live)) return undefined;
  if ((await broughtBefore(place, live)) !== version) return undefined;
  if ((await namedThen(live.promoted_at)) === false) return undefined;
  const { model } = place;
  const cause = live.verb ?? live.kind;
  const did = Object.hasOwn(verbs, cause) ? verbs[cause] : 'moved it';
  // Anyone with write access to the store can write anything there, and this is shown as Markdown.
  const [actor, moment] = [live.actor, live.promoted_at].map((text) => text.replace(/[^\w@.:[\]-]/g, '?'));
  const who = `${actor} ${did} at ${moment} (move ${live.sequence})`;
  return `\`${model}\` stays at ${live.version}, though models.yaml names ${version}: ${who}. Name another version there, or run the verb \`ship\` by hand.`;
}
