import { describe, expect, test } from 'bun:test'
import { kindOf } from '../../src/database/statement-kind.ts'
import { TransactionMisuse } from '../../src/database/transaction-misuse.ts'

const misuse = (text: string): string => {
  try {
    return `passes as ${kindOf(text)}`
  } catch (error) {
    if (!(error instanceof TransactionMisuse)) throw error
    return error.message
  }
}

test.each([
  ['select 1', 'SELECT'],
  ['SeLeCt 1', 'SELECT'],
  ['select(1)', 'SELECT'],
  ['select/**/1', 'SELECT'],
  ['\n\t\r\f\v select 1', 'SELECT'],
  ['( ( select 1 ) union (select 2) )', 'SELECT'],
  ['-- commit\nselect 1', 'SELECT'],
  ['-- commit\rselect 1', 'SELECT'],
  ['/* commit */ -- begin\n(/* end */ select 1)', 'SELECT'],
  ['/* outer /* inner */ commit */ select 1', 'SELECT'],
  ['/*/* */*/ select 1', 'SELECT'],
  ['select 1; commit', 'SELECT'],
  ['insert into t default values', 'INSERT'],
  ['update t set a = 1', 'UPDATE'],
  ['delete from t', 'DELETE'],
  ['merge into t using s on true when matched then delete', 'MERGE'],
  ['with x as (select 1) insert into t select * from x', 'WITH'],
  ['values (1)', 'VALUES'],
  ['table t', 'TABLE'],
  ['explain analyze delete from t', 'EXPLAIN'],
  ['explain analyze execute p', 'EXPLAIN'],
  ['truncate t', 'TRUNCATE'],
  ['lock table t', 'LOCK'],
  ['set local statement_timeout = 1', 'SET LOCAL'],
  ['set /* global */ local\nstatement_timeout = 1', 'SET LOCAL'],
  ['set constraints all deferred', 'SET CONSTRAINTS'],
])('%j is allowed as %s', (text, kind) => {
  expect(kindOf(text) as string).toBe(kind)
})

describe('a statement that ends the transaction is refused:', () => {
  test.each([
    ...[
      'begin',
      'start transaction',
      'commit',
      'end',
      'rollback',
      'abort',
      'savepoint a',
      'rollback to a',
      'release a',
    ],
    ...['set transaction read only', 'set local transaction read only', 'SET/**/LOCAL -- a\n TRANSACTION read only'],
    ...['/**/ commit', '-- a\ncommit', '/* a /* b */ */ commit', '\n(commit)'],
  ])('%j', (text) => {
    expect(misuse(text)).toMatch(/^Do not send [A-Z ]+ in a transaction: db\.read and db\.write begin and end/)
  })
})

describe('a statement that stays on the connection is refused:', () => {
  test.each([
    ...[
      'set a = 1',
      'set session a = 1',
      'set role none',
      'set session authorization default',
      'set "local" to 1',
      'reset all',
    ],
    ...[
      'prepare p as select 1',
      'prepare transaction',
      'execute p',
      'deallocate all',
      'discard all',
      'listen a',
      'unlisten *',
    ],
    ...['declare c cursor with hold for select 1', 'fetch c', 'move c', 'close all', "load 'plpgsql'"],
  ])('%j', (text) => {
    expect(misuse(text)).toMatch(/^Do not send [A-Z]+ in a transaction: it would stay on the connection/)
  })
})

test.each([
  ['copy t to stdout', 'Do not send COPY in a transaction: its rows are not part of a result'],
  ['copy t from stdin', 'Insert the rows, or select them. Nothing was sent'],
  ['do $$ begin end $$', 'Do not send DO in a transaction: a procedure or a block can end the transaction'],
  ['call p()', 'Select from a function'],
  ['notify a', 'use SELECT pg_notify(…)'],
  ['create table t ()', 'objects are changed by migrations'],
])('the refusal of %j says what to do', (text, remedy) => {
  expect(misuse(text)).toContain(remedy)
})

describe('a text without an allowed word in front is refused:', () => {
  test.each([
    ...['', ' ', '-- select 1', '/* select 1', '/* /* */ select 1', '*/ select 1', '()', '1', '"select" 1', "'select'"],
    ...['; select 1', ';commit', 'selects', 'select_1', 'select$1', 'sélect 1', '\uFEFFselect 1', '\u00A0select 1'],
    ...['\\select', 'constructor', '__proto__', 'vacuum', 'analyze', 'set', 'secret', 'ſelect 1'],
  ])('%j', (text) => {
    expect(misuse(text)).toMatch(/Nothing was sent$/)
  })
})

test('the refusal of an unknown word does not repeat it', () => {
  expect(misuse('hunter2 select')).not.toContain('hunter2')
})
