import type { Token } from '../store.ts';
import { commit } from './commit.ts';
import type { GcsContext } from './context.ts';
import { RequestFailure } from './failure.ts';
import { judgeWrite } from './fault.ts';
import { send } from './http.ts';
import { requiredGeneration } from './token.ts';

/** Removes the object if it has the token still; one that is gone already is fine. */
export async function removeObject(context: GcsContext, key: string, token: Token): Promise<void> {
  const ifGenerationMatch = requiredGeneration(context, key, token);
  const request = { method: 'DELETE', path: context.place.pathOf(key), query: { ifGenerationMatch } } as const;
  const judge = judgeWrite(context, { verb: 'remove', key }, { unchanged: token });
  const work = async () => {
    try {
      (await send(context, request)).resume();
    } catch (thrown) {
      const gone = thrown instanceof RequestFailure && thrown.status === 404;
      if (!gone || /bucket does not exist/i.test(thrown.message)) throw thrown;
    }
  };
  await commit(context, work, judge);
}
