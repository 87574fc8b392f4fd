import { expect, test } from 'bun:test'
import { parseReport } from '../../bench/wrk.ts'

const output = (failed: number) => `Running 2s test @ http://127.0.0.1:3000
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     9.14ms    1.02ms  33.20ms   91.55%
  1000 requests in 2.00s, 1.00MB read
Requests/sec:    500.00
{"requests":1000,"seconds":2.000000,"p50Ms":9.140000,"p99Ms":33.200000,"failed":${failed}}
`

test('the report is the last line, which the script writes', () => {
  expect(parseReport(output(0))).toEqual({ requests: 1000, seconds: 2, p50Ms: 9.14, p99Ms: 33.2, failed: 0 })
})

test('one failed request fails the measurement', () => {
  expect(() => parseReport(output(1))).toThrow('1 of 1000 requests failed')
})

test('output without a report is an error that contains the output of wrk', () => {
  expect(() => parseReport('unable to connect to 127.0.0.1:1 Connection refused\n')).toThrow('Connection refused')
})
