import { openBucket } from '../../../engine/storage/open-bucket.js';

describe('openBucket', () => {
  it.each([
    ['file:///var/data/raw', 'file:///var/data/raw'],
    ['file:///var/with%20blank', 'file:///var/with%20blank'],
    ['s3://raw-bucket/some/prefix', 's3://raw-bucket/some/prefix'],
    ['s3://raw-bucket', 's3://raw-bucket'],
    ['raw-bucket', 's3://raw-bucket'],
  ])('opens %s', (url, shown) => {
    expect(openBucket(url, {}).url).toBe(shown);
  });

  it.each([
    '',
    'http://x/y',
    'file://host/dir',
    'file:///',
    'file:relative',
    's3://',
    'Bad_Bucket',
    '/abs/dir',
  ])('refuses %j, naming it and the allowed forms', (url) => {
    expect(() => openBucket(url, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => openBucket(url, {})).toThrow(JSON.stringify(url));
  });
});
