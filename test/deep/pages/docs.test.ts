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
