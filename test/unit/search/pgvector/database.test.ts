import { describe, expect, it } from 'vitest';

import { EngineError } from '../../../../src/core/errors.js';
import { Database } from '../../../../src/search/pgvector/database.js';
import { databaseError } from '../../../../src/search/pgvector/errors.js';

const placeOf = async (url: string): Promise<string> => (await Database.open({ url, connections: 1 })).place;

describe('a connection string', () => {
  it.each([
    ['postgres://anna:s3cret@db.example:6543/values', 'the database "values" at db.example:6543'],
    ['postgresql://anna:p%40ss%2Fword@[::1]/values?application_name=x', 'the database "values" at ::1:5432'],
    ['postgres://anna:s3cret@/values?host=/run/sockets', 'the database "values" at /run/sockets'],
  ])('is shown as database and server: %s', async (url, place) => {
    expect(await placeOf(url)).toBe(place);
  });

  it.each([
    ['', 'begin with postgres://'],
    ['s3cret', 'begin with postgres://'],
    ['redis://anna:s3cret@host/0', 'begin with postgres://'],
    ['socket:/run/sockets?db=values&password=s3cret', 'begin with postgres://'],
    ['postgres://anna:s3cret/more@host/values', '%2F'],
    ['postgres://anna:1234#s3cret@host/values', '%23'],
    ['postgres://anna:1234?s3cret@host/values', '%3F'],
    ['postgres://anna:s3cret@host:port/values', 'give the port as a number'],
    ['postgres://anna:s3cret@host:123456/values', 'give the port as a number'],
  ])('is rejected without being shown if it is malformed: %s', async (url, why) => {
    const thrown: unknown = await placeOf(url).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'ERR_ARG_RANGE', message: expect.stringContaining(why) as string });
    expect((thrown as EngineError).cause).toBeUndefined();
    expect((thrown as EngineError).message).not.toMatch(/s3cret|1234/);
  });

  it('is a string', async () => {
    await expect(placeOf(7 as unknown as string)).rejects.toThrow('Expected a string for "url", got 7');
  });
});

describe('an error of the driver', () => {
  it('becomes an EngineError that says what failed, where and why', () => {
    const refused = (address: string): Error =>
      Object.assign(new Error(`connect ECONNREFUSED ${address}:5432`), { code: 'ECONNREFUSED' });
    const error = databaseError(
      new AggregateError([refused('::1'), refused('127.0.0.1')]),
      'connect to',
      'the database "x" at localhost:5432',
    );
    expect(error.code).toBe('ERR_REMOTE');
    expect(error.message).toBe(
      'Cannot connect to the database "x" at localhost:5432: ' +
        'connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
    );
  });

  it('stays unchanged if it is already an EngineError', () => {
    const error = new EngineError('ERR_DATA', 'x');
    expect(databaseError(error, 'search', 'y')).toBe(error);
  });
});
