/** Whether text is the URL of a PostgreSQL database, by its scheme. */
export const isDatabaseUrl = (text: string): boolean => /^postgres(ql)?:\/\/./.test(text)
