import { describe, expect, test } from 'bun:test'
import type { SerializedAXNode } from 'puppeteer-core'
import { chromium, openPage } from '../../browser.ts'
import { startService } from './service.ts'

/** A node of the accessibility tree, and all below it. */
const flat = (node: SerializedAXNode | null): SerializedAXNode[] =>
  node ? [node, ...(node.children ?? []).flatMap(flat)] : []

describe.skipIf(!chromium)('the home page in Chromium', () => {
  test.each([
    ['a desktop in light colours', { width: 1280, scheme: 'light' }],
    ['a phone in dark colours', { width: 390, scheme: 'dark' }],
  ])('adds a task of Acme and shows that Globex does not find it, on %s', async (_, options) => {
    await using service = await startService()
    const page = await openPage(options)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:')) problems.push(request.url())
    })
    await page.goto(service.url)
    await page.locator('section[data-tenant]:first-child input').fill('Paint the walls')
    await page.locator('section[data-tenant]:first-child form button').click()
    const read = '[aria-label=\'Read "Paint the walls" as Globex\']'
    await page.locator(read).click()
    await page.waitForFunction(`document.querySelector('#request .status')?.textContent === '404'`)
    const text = await page.evaluate('document.body.innerText')
    expect(text).toContain('Task not found')
    expect(text).toContain("set_config('app.current_tenant'")
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(problems).toEqual([])
  })

  test('shows why a task cannot be added', async () => {
    await using service = await startService({ RATE_LIMIT: '1' }) // the list of tasks takes it
    const page = await openPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(service.url, { waitUntil: 'networkidle0' })
    await page.locator('section[data-tenant]:first-child input').fill('Paint the walls')
    await page.locator('section[data-tenant]:first-child form button').click()
    await page.waitForFunction(`document.querySelector('#request .status')?.textContent === '429'`)
    expect(problems).toEqual([])
  })

  test('has a label for each field and a name for each button', async () => {
    await using service = await startService()
    const page = await openPage()
    await page.goto(service.url, { waitUntil: 'networkidle0' })
    const nodes = flat(await page.accessibility.snapshot())
    const namesOf = (role: string) => nodes.filter((node) => node.role === role).map(({ name }) => name)
    expect(namesOf('textbox')).toEqual(['New task of Acme', 'New task of Globex'])
    expect(namesOf('button')).toContain('Read "Order the bricks" as Globex')
    expect([...namesOf('button'), ...namesOf('link'), ...namesOf('list')].filter((name) => !name)).toEqual([])
  })
})
