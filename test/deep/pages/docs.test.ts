import { describe, expect, test } from 'bun:test'
import { demo } from '../../../db/schema/demo.ts'
import { chromium, openPage } from '../../browser.ts'
import { startService } from './service.ts'

describe.skipIf(!chromium)('the documentation in Chromium', () => {
  test('sends requests of the tenant that its reader chooses', async () => {
    await using service = await startService()
    const page = await openPage()
    await page.goto(`${service.url}/docs`)
    const answerOf = async (tenant: 'acme' | 'globex') => {
      await page.locator(`.tenant input[value="${demo[tenant].tenantId}"]`).click()
      await page.locator('#operations-tasks-listTasks button.execute').click()
      await page.waitForFunction(
        `document.querySelector('#operations-tasks-listTasks .live-responses-table')?.innerText.includes('${titles[tenant]}')`,
      )
      return String(await page.evaluate(`document.querySelector('.live-responses-table').innerText`))
    }
    const titles = { acme: 'Order the bricks', globex: 'Call the board' }
    await page.locator('#operations-tasks-listTasks button.opblock-summary-control').click()
    expect(await answerOf('acme')).not.toContain('Call the board')
    expect(await answerOf('globex')).not.toContain('Order the bricks')
  })

  test('walks a list by cursor, and shows that a repeated request is replayed', async () => {
    await using service = await startService()
    const page = await openPage({ width: 390 })
    await page.goto(`${service.url}/docs`)
    /** Opens an operation, and returns what fills a parameter and what sends the request. */
    const open = async (operation: string) => {
      const at = `#operations-tasks-${operation}`
      await page.locator(`${at} button.opblock-summary-control`).click()
      /** Pastes over the value: React does not see a long value that `fill` assigns. */
      const fill = async (name: string, value: string) => {
        await page.locator(`${at} tr[data-param-name="${name}"] input[type="text"]`).click({ count: 3 })
        await page.keyboard.sendCharacter(value)
      }
      /** Sends the request, and returns what the page shows of a response with this text. */
      const sendFor = async (text: string) => {
        await page.locator(`${at} button.execute`).click()
        const shown = `document.querySelector('${at} .live-responses-table')?.innerText`
        await page.waitForFunction(`${shown}?.includes('${text}')`)
        return String(await page.evaluate(shown))
      }
      return { at, fill, sendFor }
    }

    const list = await open('listTasks')
    await list.fill('limit', '1')
    await list.fill('sort', 'title')
    await page.locator(`${list.at} tr[data-param-name="cursor"] input[type="checkbox"]`).click()
    const first = await list.sendFor('Draw the first plans')
    await list.fill('cursor', /"nextCursor": "([^"]+)"/.exec(first)?.[1] ?? '')
    expect(await list.sendFor('Order the bricks')).not.toContain('Draw the first plans')

    const create = await open('createTask')
    await create.fill('Idempotency-Key', 'one')
    expect(await create.sendFor('etag:')).not.toContain('idempotency-replayed')
    expect(await create.sendFor('idempotency-replayed: true')).toContain('location: /tasks/')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  test.each(['light', 'dark'])('follows the system’s %s colours', async (scheme) => {
    await using service = await startService()
    const page = await openPage({ scheme })
    await page.goto(`${service.url}/docs/`, { waitUntil: 'networkidle0' })
    expect(page.url()).toBe(`${service.url}/docs`)
    const isDark = `document.documentElement.classList.contains('dark-mode')`
    expect(await page.evaluate(isDark)).toBe(scheme === 'dark')
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme === 'dark' ? 'light' : 'dark' }])
    await page.waitForFunction(`(${isDark}) === ${scheme === 'light'}`)
  })
})
