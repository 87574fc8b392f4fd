import { median, ratios } from '../statistics.ts'
import type { Measured } from './results.ts'
import { short } from './table.ts'

/** A bar, or a heading above bars. */
interface Row {
  label: string
  /** The bar's length, from 0 to 1 of the chart's width. */
  share?: number
  value: string
  kind: 'heading' | 'floor' | 'rowhouse'
}

const [width, left, right, rowHeight] = [720, 96, 150, 24]
const rate = 'requests/s'

/**
 * Draws requests a second of the floor and of Rowhouse for each scenario. The longer bar of a scenario is as wide as the chart.
 * The colours fit a light and a dark page.
 *
 * @returns an SVG document
 */
export function drawChart(scenarios: Measured[]): string {
  const rows = scenarios.flatMap(rowsOf)
  const height = rows.length * rowHeight + 16
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Requests a second: rowhouse and a hand-written server</title>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; dominant-baseline: central; }
  .heading { font-weight: 600; }
  .floor { fill: #8c959f; }
  .rowhouse { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .floor { fill: #6e7681; }
    .rowhouse { fill: #4493f8; }
  }
</style>
${rows.map(draw).join('\n')}
</svg>
`
}

function rowsOf({ title, lines }: Measured): Row[] {
  const roundsOf = (name: string) => lines.find(({ subject }) => subject === name)?.figures[rate]
  const [theirs, ours] = [roundsOf('floor'), roundsOf('rowhouse')]
  if (!theirs || !ours) return [] // the scenario compares other subjects
  const [floor, rowhouse] = [median(theirs), median(ours)]
  const longer = Math.max(floor, rowhouse)
  const times = `${short(median(ratios(ours, theirs)))} ×`
  return [
    { kind: 'heading', label: title, value: '' },
    { kind: 'floor', label: 'by hand', share: floor / longer, value: `${short(floor)}/s` },
    { kind: 'rowhouse', label: 'rowhouse', share: rowhouse / longer, value: `${short(rowhouse)}/s, ${times}` },
  ]
}

function draw({ kind, label, share = 0, value }: Row, index: number): string {
  const middle = 8 + (index + 0.5) * rowHeight
  if (kind === 'heading') return `<text class="heading" x="0" y="${middle}">${escaped(label)}</text>`
  const length = Math.round(share * (width - left - right))
  return [
    `<text x="0" y="${middle}">${escaped(label)}</text>`,
    `<rect class="${kind}" x="${left}" y="${middle - 8}" width="${length}" height="16" rx="2"/>`,
    `<text x="${left + length + 8}" y="${middle}">${escaped(value)}</text>`,
  ].join('\n')
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '')
