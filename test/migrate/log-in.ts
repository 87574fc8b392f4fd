import postgres from 'postgres'

/** The role after a login, or the SQLSTATE of its failure. */
export async function logIn(url: string): Promise<string> {
  const sql = postgres(url, { max: 1 })
  try {
    const [row] = await sql`select current_user::text as role`
    return String(row?.role)
  } catch (error) {
    return error instanceof postgres.PostgresError ? error.code : String(error)
  } finally {
    await sql.end()
  }
}
