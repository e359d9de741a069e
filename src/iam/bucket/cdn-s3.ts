import { type Advice, cdnName, type Premises, quoted, readHost, readPath } from './advice.ts';

/** Stand in files until the commands put the ids in. */
const [control, cache, distribution, account] = ['OAC_ID', 'CACHE_POLICY_ID', 'DISTRIBUTION_ID', 'ACCOUNT_ID'] as const;

/** Nothing but the path decides, nothing is packed, and what versions say of their caching (a year) is kept to. */
const cachePolicy = (name: string): object => ({
  Name: name,
  MinTTL: 1,
  DefaultTTL: 86_400,
  MaxTTL: 31_536_000,
  ParametersInCacheKeyAndForwardedToOrigin: {
    EnableAcceptEncodingGzip: false,
    EnableAcceptEncodingBrotli: false,
    HeadersConfig: { HeaderBehavior: 'none' },
    CookiesConfig: { CookieBehavior: 'none' },
    QueryStringsConfig: { QueryStringBehavior: 'none' },
  },
});

/** Folder of the bucket that the distribution begins at: the prefix without the path that read-url has itself. */
function originPath(premises: Premises): string {
  const prefix = `/${premises.root}`.replace(/\/$/, '');
  const path = readPath(premises);
  return prefix.endsWith(path) ? prefix.slice(0, prefix.length - path.length) : prefix;
}

function distributionOf(premises: Premises, name: string): object {
  const { bucket, region = 'us-east-1' } = premises;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    CallerReference: name,
    Comment: name,
    Enabled: true,
    HttpVersion: 'http2and3',
    PriceClass: 'PriceClass_All',
    Origins: {
      Quantity: 1,
      Items: [
        {
          Id: 'store',
          // The regional name: the global one redirects for a while, and a signature does not survive that.
          DomainName: `${bucket}.s3.${region}.${domain}`,
          OriginPath: originPath(premises),
          OriginAccessControlId: control,
          S3OriginConfig: { OriginAccessIdentity: '' },
          OriginShield: { Enabled: true, OriginShieldRegion: region },
        },
      ],
    },
    DefaultCacheBehavior: {
      TargetOriginId: 'store',
      ViewerProtocolPolicy: 'https-only',
      AllowedMethods: { Quantity: 2, Items: ['GET', 'HEAD'] },
      Compress: false,
      CachePolicyId: cache,
    },
    // A version that was asked for a moment too early must not stay missing.
    CustomErrorResponses: {
      Quantity: 2,
      Items: [403, 404].map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 1 })),
    },
  };
}

/** The statement by which the distribution, and no other, reads versions: never a pointer, the history or a lease. */
export const cdnStatement = ({ bucket, root, models }: Premises, partition: string): object => ({
  Sid: 'VersionsAreReadByTheCdn',
  Effect: 'Allow',
  Principal: { Service: 'cloudfront.amazonaws.com' },
  Action: 's3:GetObject',
  Resource: models.map((model) => `arn:${partition}:s3:::${bucket}/${root}${model}/versions/*`),
  Condition: {
    StringEquals: { 'aws:SourceArn': `arn:${partition}:cloudfront::${account}:distribution/${distribution}` },
  },
});

/** Puts the ids into the policy of the bucket, which grants the distribution its reads. */
export const nameDistribution = (file: string): string =>
  `sed -i.bak "s/${account}/$ACCOUNT/; s/${distribution}/$DISTRIBUTION/" ${file}`;

/** A shell's way to an id: what exists by that name, else what the command makes. */
const found = (variable: string, list: string, query: string, make: string): string[] => [
  `${variable}=$(aws cloudfront ${list} --query "${query}" --output text)`,
  `case "$${variable}" in ''|None) ${variable}=$(aws cloudfront ${make} --output text);; esac`,
];

/** Makes what is not there, and leaves its id in DISTRIBUTION. */
const distribute = (name: string, oac: string): string[] => [
  'ACCOUNT=$(aws sts get-caller-identity --query Account --output text)',
  ...found(
    'OAC',
    'list-origin-access-controls',
    `OriginAccessControlList.Items[?Name=='${oac}'].Id`,
    'create-origin-access-control --origin-access-control-config file://coldgate-oac.json --query OriginAccessControl.Id',
  ),
  ...found(
    'CACHE',
    'list-cache-policies --type custom',
    `CachePolicyList.Items[?CachePolicy.CachePolicyConfig.Name=='${name}'].CachePolicy.Id`,
    'create-cache-policy --cache-policy-config file://coldgate-cache-policy.json --query CachePolicy.Id',
  ),
  `sed -i.bak "s/${control}/$OAC/; s/${cache}/$CACHE/" coldgate-distribution.json`,
  ...found(
    'DISTRIBUTION',
    'list-distributions',
    `DistributionList.Items[?Comment=='${name}'].Id`,
    'create-distribution --distribution-config file://coldgate-distribution.json --query Distribution.Id',
  ),
  'echo "read-url: https://$(aws cloudfront get-distribution --id "$DISTRIBUTION" --query Distribution.DomainName --output text)"',
];

/** CloudFront in front of the bucket, which stays private: origin access control, and a policy that names versions. */
export function cdnForS3(premises: Premises): Advice[] {
  const name = cdnName(premises);
  const oac = {
    Name: name,
    SigningProtocol: 'sigv4',
    SigningBehavior: 'always',
    OriginAccessControlOriginType: 's3',
  };
  return [
    {
      name: 'cdn',
      why: `CloudFront reads the versions of the bucket, which stays private, and caches them for a year; functions read by ${readHost(premises)} and fall back to the bucket. Inside the bucket's region this costs more than reading the bucket itself. Without signed URLs whoever knows a path below it reads that file.`,
      files: [
        { file: 'coldgate-oac.json', content: oac },
        { file: 'coldgate-cache-policy.json', content: cachePolicy(name) },
        { file: 'coldgate-distribution.json', content: distributionOf(premises, name) },
      ],
      commands: distribute(name, oac.Name),
      optional: false,
    },
    signedUrls(premises, name),
  ];
}

/**
 * One signature for all versions, since a custom policy takes wildcards.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-custom-policy.html
 */
function signedUrls(premises: Premises, name: string): Advice {
  const keys = { Name: name, CallerReference: name };
  const resource = quoted(`https://${readHost(premises)}${readPath(premises)}/*`);
  const safe = "openssl base64 -A | tr -- '+=/' '-_~'";
  return {
    name: 'cdn-signed-urls',
    why: 'CloudFront answers signed requests alone. The last command prints the query of read-url, good for a year: put it into a secret that models.yaml names (read-url: https://…?${READ_URL_QUERY}), and put the key group into the cache behaviour (TrustedKeyGroups). The private key stays with you.',
    files: [],
    commands: [
      '[ -f coldgate-cdn.pem ] || openssl genrsa -out coldgate-cdn.pem 2048',
      'openssl rsa -in coldgate-cdn.pem -pubout -out coldgate-cdn.pub',
      ...found(
        'KEY',
        'list-public-keys',
        `PublicKeyList.Items[?Name=='${name}'].Id`,
        `create-public-key --public-key-config "$(jq -n --rawfile key coldgate-cdn.pub '${JSON.stringify(keys)} + {EncodedKey: $key}')" --query PublicKey.Id`,
      ),
      // CloudFront shows the public half: one of another file would sign in vain.
      'aws cloudfront get-public-key --id "$KEY" --query PublicKey.PublicKeyConfig.EncodedKey --output text | tr -d "[:space:]" > coldgate-cdn.there',
      `tr -d '[:space:]' < coldgate-cdn.pub | cmp -s - coldgate-cdn.there || { echo "coldgate-cdn.pem is not the key of $KEY: bring it from where this has run before" >&2; exit 1; }`,
      ...found(
        'GROUP',
        'list-key-groups',
        `KeyGroupList.Items[?KeyGroup.KeyGroupConfig.Name=='${name}'].KeyGroup.Id`,
        `create-key-group --key-group-config "{\\"Name\\":\\"${name}\\",\\"Items\\":[\\"$KEY\\"]}" --query KeyGroup.Id`,
      ),
      'echo "TrustedKeyGroups: $GROUP"',
      `POLICY=$(printf '{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%s}}}]}' ${resource} $(($(date +%s) + 31536000)))`,
      `SIGNATURE=$(printf '%s' "$POLICY" | openssl dgst -sha1 -sign coldgate-cdn.pem | ${safe})`,
      `echo "READ_URL_QUERY=Policy=$(printf '%s' "$POLICY" | ${safe})&Signature=$SIGNATURE&Key-Pair-Id=$KEY"`,
    ],
    optional: true,
  };
}
