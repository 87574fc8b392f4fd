DROP INDEX "users_tenant_id_email_key";--> statement-breakpoint
CREATE UNIQUE INDEX "users_tenant_id_email_key" ON "users" USING btree ("tenant_id",lower("email" collate "C"));