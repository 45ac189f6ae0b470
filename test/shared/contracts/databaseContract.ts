import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../subgraphs/shared/database/Database.js';

/** What both databases must do alike. `open` gives an empty one. */
export function databaseContract(open: () => Promise<Database>): void {
  describe('a database', () => {
    let database: Database;
    beforeAll(async () => {
      database = await open();
      await database.script(
        'create schema t; create table t.item (id int primary key, name text); create table t.other (id int)',
      );
    });
    afterAll(() => database?.close());

    it('hands out every type in one form', async () => {
      const { rows } = await database.query<Record<string, unknown>>(
        `select 1::int4 as i, 9007199254740993::int8 as big, count(*) as n, 1.50::numeric(24,12) as d, 1.5::float8 as f, true as b, null as nothing,
           '\\x0102'::bytea as bytes, '2026-01-02T03:04:05.678Z'::timestamptz as at, '{"a":[1]}'::jsonb as j, array['x','y"z'] as texts`,
      );
      expect(rows).toEqual([
        {
          i: 1,
          big: 9007199254740993n,
          n: 1n,
          d: '1.500000000000',
          f: 1.5,
          b: true,
          nothing: null,
          bytes: Buffer.from([1, 2]),
          at: new Date('2026-01-02T03:04:05.678Z'),
          j: { a: [1] },
          texts: ['x', 'y"z'],
        },
      ]);
    });

    it('takes every type as a value', async () => {
      const values = [1, 2n ** 60n, '1.5', new Date(1e12), JSON.stringify({ a: 1 }), ['x', 'y,z'], null, Buffer.from([7]), true];
      const { rows } = await database.query<Record<string, unknown>>(
        `select $1::int4 as i, $2::int8 as big, $3::numeric as d, $4::timestamptz as at, $5::jsonb as j, $6::text[] as texts, $7::text as nothing,
           $8::bytea as bytes, $9::boolean as b`,
        values,
      );
      expect(rows[0]).toEqual({
        i: 1,
        big: 2n ** 60n,
        d: '1.5',
        at: new Date(1e12),
        j: { a: 1 },
        texts: ['x', 'y,z'],
        nothing: null,
        bytes: Buffer.from([7]),
        b: true,
      });
    });

    it('counts affected rows and names the SQLSTATE of a failure', async () => {
      expect((await database.query(`insert into t.item values (1, 'a'), (2, 'b')`)).rowCount).toBe(2);
      expect((await database.query(`update t.item set name = 'c' where id = 3`)).rowCount).toBe(0);
      expect((await database.query(`delete from t.item where id = 2 returning id`)).rows).toEqual([{ id: 2 }]);
      await expect(database.query(`insert into t.item values (1, 'again')`)).rejects.toMatchObject({ code: '23505' });
    });

    it('keeps all of a transaction or nothing', async () => {
      await database.transaction(async (tx) => {
        await tx.query(`insert into t.item values (10, 'x')`);
        await tx.query(`insert into t.item values (11, 'y')`);
      });
      const failed = database.transaction(async (tx) => {
        await tx.query(`insert into t.item values (12, 'z')`);
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      expect((await database.query('select id from t.item where id >= 10 order by id')).rows).toEqual([{ id: 10 }, { id: 11 }]);
    });

    it('lets concurrent transactions count without losing one', async () => {
      await database.query('insert into t.other values (0)');
      await Promise.all(
        Array.from({ length: 20 }, () =>
          database.transaction(async (tx) => {
            const { rows } = await tx.query<{ id: number }>('select id from t.other for update');
            await tx.query('update t.other set id = $1', [rows[0]!.id + 1]);
          }),
        ),
      );
      expect((await database.query('select id from t.other')).rows).toEqual([{ id: 20 }]);
    });

    it('refuses the handle of a transaction that is over', async () => {
      const handle = await database.transaction(async (tx) => tx);
      await expect(handle.query('select 1')).rejects.toThrow(/over/);
    });

    it('rolls a transaction back that takes over five seconds, and goes on', async () => {
      const slow = database.transaction(async (tx) => {
        await tx.query(`insert into t.item values (20, 'slow')`);
        await new Promise(() => undefined);
      });
      await expect(slow).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT' });
      expect((await database.query('select 1 from t.item where id = 20')).rowCount).toBe(0);
    }, 15_000);

    it('gives a named lock to one at a time', async () => {
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let entered: () => void = () => undefined;
      const inside = new Promise<void>((resolve) => (entered = resolve));
      const first = database.withTryLock('l', async () => {
        entered();
        await held;
        return 'first';
      });
      await inside;
      expect(await database.withTryLock('l', async () => 'second')).toBeUndefined();
      expect(await database.withTryLock('other', async () => 'other')).toBe('other');
      release();
      expect(await first).toBe('first');
      expect(await database.withTryLock('l', async () => 'third')).toBe('third');
    });

    it('listens to many channels at once without a warning, and hears each', async () => {
      const warnings: string[] = [];
      const warn = ({ message }: Error): void => void warnings.push(message);
      process.on('warning', warn);
      const channels = Array.from({ length: 20 }, (_, n) => `t_many_${n}`);
      const heard = new Set<string>();
      let done: () => void = () => undefined;
      const all = new Promise<void>((resolve) => (done = resolve));
      const listening = await Promise.all(
        channels.map((channel) =>
          database.listen(channel, () => {
            heard.add(channel);
            if (heard.size === channels.length) done();
          }),
        ),
      );
      for (const channel of channels) await database.notify(channel);
      await all;
      for (const each of listening) await each.stop();
      process.off('warning', warn);
      expect(warnings).toEqual([]);
    });

    it('lets many who hold locks work at the same moment', async () => {
      let holders = 0;
      let allHold: () => void = () => undefined;
      const together = new Promise<void>((resolve) => (allHold = resolve));
      const work = async (): Promise<number> => {
        if (++holders === 10) allHold();
        await together;
        return (await database.query<{ one: number }>('select 1 as one')).rows[0]!.one;
      };
      const names = Array.from({ length: 10 }, (_, index) => `many ${index}`);
      expect(await Promise.all(names.map((name) => database.withTryLock(name, work)))).toEqual(names.map(() => 1));
    });

    it('notifies after the commit, and not after a rollback', async () => {
      let calls = 0;
      let called: () => void = () => undefined;
      const once = new Promise<void>((resolve) => (called = resolve));
      const listening = await database.listen('t_changed', () => {
        calls++;
        called();
      });
      await database
        .transaction(async (tx) => {
          await database.notify('t_changed', tx);
          throw new Error('no');
        })
        .catch(() => undefined);
      expect(calls).toBe(0);
      await database.transaction((tx) => database.notify('t_changed', tx));
      await once;
      await listening.stop();
      expect(calls).toBe(1);
    });
  });
}
