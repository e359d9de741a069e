import { type Facts, no, type Rule, yes } from '../rule.ts';
import { sizeText } from '../words.ts';

/** What an account serves at least, bits a second: Azure's in smaller regions; Google and S3 are above it. */
const storeBits = 50e9;
/** Instances of a Lambda function without a cap: what an account has. */
const uncapped = 1000;
/** Instances look at the pointer up to a fifth late. */
const spread = 1.2;

function fleetOf({ target }: Facts): number | undefined {
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda':
      return target.reservedConcurrency ?? uncapped;
    case 'google-cloud-run':
      return target.maxInstances;
    case 'azure-functions':
      return target.maximumInstances;
  }
}

export const follow: Rule = {
  id: 'follow-over',
  asks: 'all instances together can fetch a new version in the time over which they follow',
  warns: true,
  looksUp: false,
  judge(facts) {
    const { bytes, entry, environment } = facts;
    const fleet = fleetOf(facts);
    if (fleet === undefined || bytes === undefined || environment.store.readUrl !== undefined) return undefined;
    const { followOverSeconds, refreshSeconds } = entry.handler;
    const seconds = Math.max(followOverSeconds, refreshSeconds * spread);
    const bits = (fleet * bytes * 8) / seconds;
    const what = `${fleet} instances fetch ${sizeText(bytes)} within ${Math.round(seconds)} s of a flip: ${(bits / 1e9).toFixed(1)} Gbit/s`;
    if (bits <= storeBits) return yes(`${what}.`);
    const minutes = Math.ceil((fleet * bytes * 8) / storeBits / 60);
    const why = `${what}, more than the ${storeBits / 1e9} that a store is sure to serve.`;
    return no(why, { set: [[`models.${entry.name}.handler.follow-over`, `${minutes}m`]] });
  },
};
