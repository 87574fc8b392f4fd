import puppeteer, { type Browser } from 'puppeteer-core'
import { closeAfterwards } from './database.ts'

/** The path of Chromium, if it is installed. */
export const chromium = process.env.CHROMIUM ?? Bun.which('chromium') ?? Bun.which('chromium-browser') ?? undefined

let browser: Promise<Browser> | undefined

/** Opens a page in Chromium, which closes when the tests have run. Each page has storage of its own. */
export async function openPage({ width = 1280, height = 900, scheme = 'light' } = {}) {
  if (!browser) {
    const args = ['--no-sandbox', '--disable-gpu'] // a container's root user has no sandbox
    browser = puppeteer.launch({ pipe: true, ...(chromium ? { executablePath: chromium } : {}), args })
    const launched = browser
    closeAfterwards({ close: async () => (await launched).close() })
  }
  const context = await (await browser).createBrowserContext()
  const page = await context.newPage()
  await page.setViewport({ width, height })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  return page
}
