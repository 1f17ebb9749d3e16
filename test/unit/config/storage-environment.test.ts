import { parseStorageEnvironment } from '../../../config/environment';
import type { StorageEnvironment } from '../../../config/storage-environment';

const endpoint = 'http://127.0.0.1:9000';

test('is AWS as each bucket is set up, where nothing is set', () => {
  expect(parseStorageEnvironment({ S3_KMS_KEY_ID: '', AWS_ENDPOINT_URL_S3: '' })).toEqual({
    pathStyle: false,
  });
});

test.each<[NodeJS.ProcessEnv, StorageEnvironment]>([
  [{ AWS_ENDPOINT_URL_S3: endpoint }, { endpoint, pathStyle: true }],
  [{ AWS_ENDPOINT_URL: endpoint }, { endpoint, pathStyle: true }],
  [
    { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_S3: endpoint },
    { endpoint, pathStyle: true },
  ],
  [
    { AWS_ENDPOINT_URL_S3: endpoint, S3_PATH_STYLE: 'off' },
    { endpoint, pathStyle: false },
  ],
  [{ S3_PATH_STYLE: 'on' }, { pathStyle: true }],
  [{ S3_BUCKET_OWNER: '012345678901' }, { bucketOwner: '012345678901', pathStyle: false }],
  ...[
    'alias/migration',
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'mrk-1234abcd12ab34cd56ef1234567890ab',
    'arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws-us-gov:kms:us-gov-west-1:111111111111:alias/migration',
  ].map(
    (key) =>
      [{ S3_KMS_KEY_ID: key }, { kmsKeyId: key, pathStyle: false }] satisfies [
        NodeJS.ProcessEnv,
        StorageEnvironment,
      ],
  ),
])('%j is %j', (variables, storage) => {
  expect(parseStorageEnvironment(variables)).toEqual(storage);
});

test.each([
  ['AWS_ENDPOINT_URL_S3', '127.0.0.1:9000'],
  ['AWS_ENDPOINT_URL_S3', 's3://raw'],
  ['S3_PATH_STYLE', 'yes'],
  ['S3_BUCKET_OWNER', '12345'],
  ['S3_KMS_KEY_ID', 'my key'],
])('refuses %s=%s, naming it and what is allowed', (name, value) => {
  const parse = () => parseStorageEnvironment({ [name]: value });
  expect(parse).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(parse).toThrow(`${name} is '${value}'; allowed: `);
});
