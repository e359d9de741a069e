import { commitWrite } from '../commit-write.ts';
import { NotFoundError, PreconditionError, type Token } from '../store.ts';
import { type AzureContext, blobOf } from './context.ts';
import { judgeWrite } from './fault.ts';
import { headBlob } from './info.ts';
import { request } from './request.ts';
import { requiredEtag } from './token.ts';

/** Removes the object if it has the token still; one that is gone already is fine. */
export async function removeObject(context: AzureContext, key: string, token: Token): Promise<void> {
  const conditions = { ifMatch: requiredEtag(context, key, token) };
  const send = async () => {
    try {
      await request(context, { verb: 'remove', key }, (options) =>
        blobOf(context, key).delete({ ...options, conditions }),
      );
    } catch (thrown) {
      if (thrown instanceof NotFoundError) return;
      // No blob has no ETag: where there is none, the condition is what fails.
      if (thrown instanceof PreconditionError && !(await headBlob(context, key))) return;
      throw thrown;
    }
  };
  await commitWrite(send, judgeWrite(context, key, { unchanged: token }), { attempts: context.limits.attempts });
}
